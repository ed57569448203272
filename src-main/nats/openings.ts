import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { receiptSchema, receiptSha256, type Receipt } from '../core/bundle/receipt.ts'
import { getOrMake } from '../core/get-or-make.ts'
import { present } from '../core/must.ts'
import { sha256 } from '../files/sha256.ts'
import { storedSchema, type JobIdentity } from './messages.ts'
import { auditSubject, openingSubject } from './names.ts'
import { getObject, putObject, removeObject } from './objects.ts'
import type { Queues } from './queues.ts'
import { newSealingKeys, openBytes, sealBytes } from './sealing.ts'

/*
 * The owner asks for a job to be opened under a subject that those who may have to open it listen to, and signs what it asks, so that
 * nobody else is shown an input. The opening is stored as an object, sealed to a key that the owner made for it.
 */

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))

const requestSchema = z.strictObject({
  version: z.literal(1),
  receipt: receiptSchema,
  deadlineMs: z.int().positive(),
  /** Raw X25519 public key, to which the opening is sealed. */
  key: hex(64),
  /** SubjectPublicKeyInfo in base64 of the key that signs, and its signature: `signedRequest`. */
  signer: z.base64().max(400),
  signature: z.base64().max(400),
})
export type OpeningRequest = z.infer<typeof requestSchema>

const openingSchema = z.strictObject({ version: z.literal(1), object: storedSchema, key: hex(64) })

/** What a request's signature is over. Nothing else that the key signs begins so. */
export const signedRequest = (receipt: Receipt, key: string): Uint8Array =>
  new TextEncoder().encode(`sealwright opening request ${receiptSha256(receipt, sha256)} ${key}`)

/** Signs as the owner of a deployment: `signer` is the public key, SubjectPublicKeyInfo in base64. */
export type SignRequest = (bytes: Uint8Array) => { readonly signer: string; readonly signature: string }

const use = 'sealwright opening v1'
/** A request may be lost with a connection, and so may the word of an opening. */
const askAgainMs = 1_000

export interface AskedOpening {
  readonly receipt: Receipt
  readonly deadlineMs: number
  readonly sign: SignRequest
  /** Whether bytes are the opening: others may have been put in its place. */
  readonly isIt: (file: Uint8Array) => boolean
}

/** Asks until somebody shows the opening, or the signal. Undefined where nobody did. */
export async function askForOpening(
  queues: Queues,
  { receipt, deadlineMs, sign, isIt }: AskedOpening,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { deployment, connection } = queues
  const { job, segment } = receipt
  const keys = newSealingKeys()
  const { publicKey: key } = keys
  const request: OpeningRequest = { version: 1, receipt, deadlineMs, key, ...sign(signedRequest(receipt, key)) }
  const found = new AbortController()
  const ended = AbortSignal.any([signal, found.signal])
  let opening: Uint8Array | undefined
  const take = async (text: string): Promise<void> => {
    const told = parse(openingSchema, text)
    if (!told || ended.aborted) return
    const sealed = await getObject(queues, told.object)
    if (!sealed) return
    void removeObject(queues, told.object)
    const bytes = openBytes({ key: told.key, sealed: Buffer.from(sealed) }, keys, use)
    if (ended.aborted || !bytes || !isIt(bytes)) return
    opening = bytes
    found.abort()
  }
  const subscription = connection.subscribe(openingSubject(deployment, job, segment), {
    callback: (error, message) => void (!error && take(message.string()).catch(() => {})),
  })
  try {
    while (!ended.aborted) {
      publish(queues, auditSubject(deployment, job, segment), JSON.stringify(request))
      await pause(askAgainMs, undefined, { signal: ended }).catch(() => {})
    }
    return opening
  } finally {
    subscription.unsubscribe()
  }
}

export interface AnsweredAudits {
  /** A job, or '*' for whatever was computed here. */
  readonly job: string
  readonly segment: number
  /** Whether a request is the owner's: `signed` is what the signature must be over. */
  readonly isOwners: (request: OpeningRequest, signed: Uint8Array) => boolean
  /** The audit case of a receipt; undefined where it is none of ours. */
  readonly open: (receipt: Receipt) => Uint8Array | undefined
}

/** Opens what the owner asks for, until the signal. */
export function answerAudits(
  queues: Queues,
  { job, segment, isOwners, open }: AnsweredAudits,
  signal: AbortSignal,
): void {
  const { deployment, connection } = queues
  /** By key of the request: the word that tells of it, so that a request that comes again is not a second opening. */
  const told = new Map<string, Promise<string>>()
  const answer = async (request: OpeningRequest): Promise<void> => {
    const { receipt, key, deadlineMs } = request
    const file = open(receipt)
    if (!file || !isOwners(request, signedRequest(receipt, key))) return
    const telling = getOrMake(told, key, () => store(queues, { job: receipt.job, deadlineMs }, file, key))
    telling.catch(() => told.delete(key))
    publish(queues, openingSubject(deployment, receipt.job, receipt.segment), await telling)
    if (told.size > mostTold) told.delete(present(told.keys().next().value))
  }
  const subscription = connection.subscribe(auditSubject(deployment, job, segment), {
    callback: (error, message) => {
      const request = error ? undefined : parse(requestSchema, message.string())
      if (request?.receipt.segment === segment) answer(request).catch(() => {})
    },
  })
  signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true })
}

const mostTold = 1_000

async function store(
  queues: Queues,
  job: Pick<JobIdentity, 'job' | 'deadlineMs'>,
  file: Uint8Array,
  to: string,
): Promise<string> {
  const { key, sealed } = sealBytes(file, to, use)
  const object = await putObject(queues, job, sealed)
  return JSON.stringify({ version: 1, object, key } satisfies z.infer<typeof openingSchema>)
}

/** The client throws where the connection is closed; then there is nobody to tell. */
function publish({ connection }: Queues, subject: string, text: string): void {
  try {
    connection.publish(subject, text)
  } catch {
    // Asked or told again once there is a connection.
  }
}

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
