import { z } from 'zod'
import { jobOf, openText, sealText, type AnswerKeys } from './answer-keys.ts'

/** What queues carry beside the ciphertexts, which are objects of their own. */
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))

/** Milliseconds from submission to the deadline, at most. Queues and objects are kept no longer. */
export const MAX_DEADLINE_MS = 3_600_000
/** A ciphertext file that travels is no larger. */
export const MAX_OBJECT_BYTES = 2 ** 28

/** A job is submitted again so often at most. */
export const MAX_AGAIN = 5

/** It may end in a terminal. */
const printable = /^\P{Cc}*$/u

/** JOB.DEADLINE.RANDOM, hexadecimal: whose it is and until when, for whoever clears up. */
const objectName = /^([0-9a-f]{32})\.([0-9a-f]{1,12})\.[0-9a-f]{16}$/

export const storedSchema = z.strictObject({
  name: z.string().regex(objectName),
  bytes: z.int().min(1).max(MAX_OBJECT_BYTES),
  sha256: hex(64),
})

const failure = z.strictObject({
  code: z.string().regex(/^[a-z-]{1,64}$/),
  message: z.string().max(300).regex(printable),
})

const job = {
  version: z.literal(1),
  job: hex(32),
  /** To which the answer is encrypted; the job's id is its fingerprint. */
  answerKey: hex(64),
  /** Milliseconds since 1970; parties need clocks that agree to within seconds. */
  deadlineMs: z.int().positive(),
  /** How often the job was submitted again, since what became of it was not known; left out at first. */
  again: z.int().min(1).max(MAX_AGAIN).optional(),
}

/** For a node: compute a segment on this input. For the owner: open or refresh what a segment computed. */
const taskSchema = z.strictObject({ ...job, object: storedSchema })
/** For the owner: a node gave a job up. */
const failedSchema = z.strictObject({ ...job, failure })
/** For whoever asked, before it is encrypted. */
const answerSchema = z.union([
  z.strictObject({ job: hex(32), answer: z.record(z.string(), z.unknown()) }),
  z.strictObject({ job: hex(32), failure }),
])

/** An answer as it is stored. */
const sealedSchema = z.strictObject({ job: hex(32), key: hex(64), sealed: z.base64().max(2 ** 20) })

export type StoredObject = z.infer<typeof storedSchema>
export type Failure = z.infer<typeof failure>
export type Task = z.infer<typeof taskSchema>
export type FailedTask = z.infer<typeof failedSchema>
export type Answer = z.infer<typeof answerSchema>
export type SealedAnswer = z.infer<typeof sealedSchema>
/** What all tasks of a job have in common. */
export type JobIdentity = Pick<Task, 'job' | 'answerKey' | 'deadlineMs' | 'again'>

/** What every message of a job carries, and nothing else of it. */
export const jobIdentity = ({ job, answerKey, deadlineMs, again }: JobIdentity): JobIdentity => ({
  job,
  answerKey,
  deadlineMs,
  ...(again !== undefined && { again }),
})

/** Under which a ciphertext is stored: the job, when it may be removed (ms, in hexadecimal), and what tells its objects apart. */
export const objectNameOf = ({ job, deadlineMs }: Pick<Task, 'job' | 'deadlineMs'>, random: string): string =>
  `${job}.${deadlineMs.toString(16)}.${random}`

/** Undefined where the name is none of ours. */
export function ownerOf(name: string): Pick<Task, 'job' | 'deadlineMs'> | undefined {
  const [, job, deadline] = objectName.exec(name) ?? []
  return job === undefined || deadline === undefined ? undefined : { job, deadlineMs: parseInt(deadline, 16) }
}

export const encodeMessage = (message: Task | FailedTask): string => JSON.stringify(message)

/** Undefined where the bytes are no such message, or its answer key is another job's. */
export const decodeTask = (text: string): Task | undefined => ownKeyed(parse(taskSchema, text))
/** Undefined for anything else, which others may have published. */
export const decodeTaskOrFailure = (text: string): Task | FailedTask | undefined =>
  ownKeyed(parse(z.union([taskSchema, failedSchema]), text))

/** What is stored as a job's answer; only whoever has the job's keys can read it. */
export function encodeAnswer(answer: Answer, answerKey: string): string {
  const sealed: SealedAnswer = { job: answer.job, ...sealText(JSON.stringify(answer), answerKey) }
  return JSON.stringify(sealed)
}

/** Undefined where the text is no answer, or that of another job. */
export function decodeSealed(text: string, job: string): SealedAnswer | undefined {
  const sealed = parse(sealedSchema, text)
  return sealed?.job === job ? sealed : undefined
}

/** Undefined where it was not made for these keys, or is the answer of another job. */
export function openAnswer(sealed: SealedAnswer, keys: AnswerKeys): Answer | undefined {
  const answer = parse(answerSchema, openText(sealed, keys) ?? '')
  return answer?.job === keys.job ? answer : undefined
}

const ownKeyed = <T extends { job: string; answerKey: string }>(task: T | undefined): T | undefined =>
  task && jobOf(task.answerKey) === task.job ? task : undefined

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
