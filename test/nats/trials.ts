import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { decodeResult, decodeResultHeader, encodeResult, isKind } from '../../src-main/core/bundle/result.ts'
import { UserError } from '../../src-main/core/errors.ts'
import { noLog } from '../../src-main/core/log.ts'
import { InputEncoder } from '../../src-main/edge/nats/task-input.ts'
import { seeded } from '../../src-main/edge/segment-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { newAnswerKeys, type AnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { connectNats } from '../../src-main/nats/connect.ts'
import type { Answer, Task } from '../../src-main/nats/messages.ts'
import { getObject, listObjects, putObject } from '../../src-main/nats/objects.ts'
import { persist } from '../../src-main/nats/persist.ts'
import { Queues, type QueueKind } from '../../src-main/nats/queues.ts'
import { takeTasks } from '../../src-main/nats/take-tasks.ts'
import type { Cluster, Deployment } from './cluster.ts'

/** A preprocessed input and the label that is right for it. */
export interface Question {
  readonly input: Float64Array
  readonly label: number
}

/** How the jobs of a trial ended, those included that were not accepted: `right`, `wrong`, or the code of the error. */
export type Outcomes = Readonly<Record<string, number>>

export interface TrialOptions {
  readonly jobs: number
  readonly question: () => Question
  readonly deadlineSeconds: number
  /** Milliseconds from a job's submission to the next. */
  readonly everyMs: number
  /** Submits again what was not accepted, as a person would. */
  readonly insists?: boolean
}

/** Submits jobs at a steady pace while something happens to the cluster. */
export async function trial(
  cluster: Cluster,
  { jobs, question, deadlineSeconds, everyMs, insists = false }: TrialOptions,
  fault: () => Promise<void>,
): Promise<Outcomes> {
  const submitter = await cluster.submitter()
  try {
    const outcome = async ({ input, label }: Question): Promise<string> => {
      try {
        const submit = () => submitter.submit(input, deadlineSeconds)
        const answer = await (insists ? persist(Date.now() + 1000 * deadlineSeconds, submit) : submit())
        return answer.label === label ? 'right' : 'wrong'
      } catch (error) {
        return error instanceof UserError ? error.code : String(error)
      }
    }
    const asked = Array.from({ length: jobs }, async (_, i) => {
      await pause(i * everyMs)
      return outcome(question())
    })
    await fault()
    return countsOf(await Promise.all(asked))
  } finally {
    await submitter.close()
  }
}

/** Jobs one after the other, `window` of them under way at once; the first quarter fills the pipeline and is not counted. */
export async function answerMany(
  cluster: Cluster,
  question: () => Question,
  { jobs, window }: { readonly jobs: number; readonly window: number },
): Promise<{ jobsPerSecond: number; meanLatencyMs: number }> {
  const submitter = await cluster.submitter()
  try {
    const ends: { readonly atMs: number; readonly latencyMs: number }[] = []
    let next = 0
    const some = async (): Promise<void> => {
      while (next++ < jobs) {
        const { input, label } = question()
        const startedMs = performance.now()
        const answer = await submitter.submit(input, 600)
        if (answer.label !== label) throw new Error(`label ${String(answer.label)} instead of ${label}`)
        ends.push({ atMs: performance.now(), latencyMs: performance.now() - startedMs })
      }
    }
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: window }, some))
    const first = Math.floor(jobs / 4)
    const counted = ends.slice(first)
    const spanMs = ends.at(-1)!.atMs - (first > 0 ? ends[first - 1].atMs : startedMs)
    const meanLatencyMs = counted.reduce((sum, { latencyMs }) => sum + latencyMs, 0) / counted.length
    return { jobsPerSecond: (1000 * counted.length) / spanMs, meanLatencyMs }
  } finally {
    await submitter.close()
  }
}

const countsOf = (words: readonly string[]): Outcomes =>
  Object.fromEntries([...new Set(words)].sort().map((word) => [word, words.filter((other) => other === word).length]))

/** A party that may use the queues and does not keep to the rules. */
export class Liar {
  readonly queues: Queues

  private constructor(queues: Queues) {
    this.queues = queues
  }

  static async connect({ server, deployment }: Cluster): Promise<Liar> {
    return new Liar(await Queues.open(await connectNats({ url: server.url }, 'liar'), deployment.id))
  }

  /** A job of its own making, or the one that the input names, submitted as it likes; resolves with the answer. */
  async ask(bytes: Uint8Array, queue: QueueKind = 'compute', segment = 0, copies = 1): Promise<Answer> {
    const isInput = queue === 'compute' && isKind(bytes, 'refreshed')
    const named = isInput ? decodeResultHeader(bytes, 'refreshed').job : undefined
    const keys = keysOf.get(named ?? '') ?? newAnswerKeys()
    // A job has one answer, so the same input asked again is another job.
    keysOf.delete(keys.job)
    const { job, answerKey } = keys
    const heard = new AbortController()
    const answer = this.queues.listen(keys, heard.signal)
    for (let copy = 0; copy < copies; copy++) {
      const identity = { job, answerKey, deadlineMs: Date.now() + 60_000 }
      const object = await putObject(this.queues, identity, bytes)
      await this.#publish(queue, segment, { version: 1, ...identity, object })
    }
    return await answer.finally(() => heard.abort())
  }

  /** Takes one task of a segment as a node would and returns `result` of its input in place of the result. */
  async takeOne(segment: number, result: (input: Uint8Array) => Uint8Array): Promise<void> {
    const taken = new AbortController()
    await takeTasks(
      this.queues,
      ['compute', segment],
      async ({ text }) => {
        const { job, answerKey, deadlineMs, object } = JSON.parse(text) as Task
        const bytes = result((await getObject(this.queues, object))!)
        const lie = await putObject(this.queues, { job, deadlineMs }, bytes)
        await this.queues.add('open', segment, { version: 1, job, answerKey, deadlineMs, object: lie })
        taken.abort()
        return {}
      },
      taken.signal,
      noLog,
    )
  }

  async close(): Promise<void> {
    await this.queues.connection.close()
  }

  /** Without the message id by which the server knows copies. */
  async #publish(queue: QueueKind, segment: number, task: Task): Promise<void> {
    const subject = `sealwright.${this.queues.deployment}.${queue}.${segment}`
    await this.queues.connection.request(subject, JSON.stringify(task))
  }
}

/** Of the jobs that inputs name, by their id. */
const keysOf = new Map<string, AnswerKeys>()

/** An input that a deployment's owner can read. */
export async function encodeInput({ bundle: path }: Deployment, input: Float64Array): Promise<Uint8Array> {
  const bundle = await Bundle.open(path)
  const encoder = await InputEncoder.load(bundle)
  const keys = newAnswerKeys()
  keysOf.set(keys.job, keys)
  try {
    return encoder.encode({ ...seeded(input), job: keys.job })
  } finally {
    await encoder.delete()
    await bundle.close()
  }
}

/** Ciphertexts of another deployment under this one's name. */
export async function inTheNameOf({ id, bundle: path }: Deployment, file: Uint8Array): Promise<Uint8Array> {
  const bundle = await Bundle.open(path)
  await bundle.close()
  const { ciphertexts, segment } = decodeResult(file, sha256, 'refreshed')
  return encodeResult({ deploymentId: id, bundleSha256: bundle.sha256, segment, ciphertexts }, sha256, 'refreshed')
}

/** Answers that the server keeps, and the most that any one job has. */
export async function answersKept({ deployment, server }: Cluster): Promise<{ jobs: number; mostPerJob: number }> {
  const connection = await connectNats({ url: server.url }, 'auditor')
  try {
    const manager = await jetstreamManager(connection)
    const { state } = await manager.streams.info(`sealwright-${deployment.id}-answers`, { subjects_filter: '>' })
    const counts = Object.values(state.subjects ?? {})
    return { jobs: counts.length, mostPerJob: Math.max(0, ...counts) }
  } finally {
    await connection.close()
  }
}

/** What is left in queues and in the object store. */
export async function leftovers({ deployment, server }: Cluster): Promise<{ tasks: number; objects: number }> {
  const connection = await connectNats({ url: server.url }, 'auditor')
  try {
    const manager = await jetstreamManager(connection)
    const { state } = await manager.streams.info(`sealwright-${deployment.id}`)
    const objects = await listObjects(await Queues.open(connection, deployment.id))
    return { tasks: state.messages, objects: objects.length }
  } finally {
    await connection.close()
  }
}
