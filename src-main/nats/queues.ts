import { jetstream, jetstreamManager, type Consumer, type JetStreamManager } from '@nats-io/jetstream'
import { Objm, type ObjectStore } from '@nats-io/obj'
import { nanos } from '@nats-io/transport-node'
import { UserError } from '../core/errors.ts'
import type { NatsConnection } from './connect.ts'
import { decodeAnswer, encodeMessage, MAX_DEADLINE_MS, type Answer, type FailedTask, type Task } from './messages.ts'
import { isMissing, natsProblem, WRONG_LAST_SEQUENCE } from './problems.ts'

/** A node that is silent for so long is taken for dead, and its task goes to another. */
export const SILENCE_MS = 5_000
const publishTimeoutMs = 5_000

/** A segment's inputs wait for a node, its results for the owner. */
export type QueueKind = 'compute' | 'open'

export interface Deployed {
  readonly id: string
  readonly segments: number
}

/** Subjects have dots; streams and buckets may not. */
const nameOf = (id: string): string => `sealwright-${id}`
const answersOf = (id: string): string => `${nameOf(id)}-answers`
const queueSubject = (id: string, kind: QueueKind, segment: number): string => `sealwright.${id}.${kind}.${segment}`
const answerSubject = (id: string, job: string): string => `sealwright.${id}.answer.${job}`

/**
 * Makes a deployment's queues, answers and objects, or brings those that exist up to date. The owner does it, so that
 * nodes need no right to.
 *
 * Every segment has a queue for its inputs and one for its results. Each takes `limit` tasks and then no more, so that
 * what comes before it waits and, in the end, new jobs are refused; no two queues wait for each other.
 */
export async function makeQueues(connection: NatsConnection, { id, segments }: Deployed, limit: number): Promise<void> {
  try {
    const manager = await jetstreamManager(connection)
    await ensureStream(manager, {
      name: nameOf(id),
      subjects: [queueSubject(id, 'compute', 0).replace(/0$/, '*'), queueSubject(id, 'open', 0).replace(/0$/, '*')],
      retention: 'workqueue',
      discard: 'new',
      max_msgs_per_subject: limit,
      discard_new_per_subject: true,
      max_age: nanos(MAX_DEADLINE_MS),
      duplicate_window: nanos(MAX_DEADLINE_MS),
      allow_direct: true,
    })
    await ensureStream(manager, {
      name: answersOf(id),
      subjects: [answerSubject(id, '*')],
      max_age: nanos(MAX_DEADLINE_MS),
      allow_direct: true,
    })
    for (let segment = 0; segment < segments; segment++) {
      for (const kind of ['compute', 'open'] as const) {
        await manager.consumers.add(nameOf(id), {
          durable_name: `${kind}-${segment}`,
          filter_subject: queueSubject(id, kind, segment),
          ack_policy: 'explicit',
          ack_wait: nanos(SILENCE_MS),
          max_ack_pending: -1,
        })
      }
    }
    await new Objm(connection).create(nameOf(id), { storage: 'file', ttl: nanos(MAX_DEADLINE_MS) })
    await sweepQueues(connection, { id, segments })
  } catch (error) {
    throw natsProblem(error)
  }
}

/**
 * Removes tasks that are done: a server that was killed may find them again. It hands none of them out, but they take
 * up room in their queue.
 */
export async function sweepQueues(connection: NatsConnection, { id, segments }: Deployed): Promise<void> {
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false })
    for (let segment = 0; segment < segments; segment++) {
      for (const kind of ['compute', 'open'] as const) await sweepQueue(manager, id, kind, segment)
    }
  } catch (error) {
    throw natsProblem(error)
  }
}

/** One by one: purging a range would make the server forget who works on what lies after it (2.9). */
async function sweepQueue(manager: JetStreamManager, id: string, kind: QueueKind, segment: number): Promise<void> {
  const stream = nameOf(id)
  const subject = queueSubject(id, kind, segment)
  const { ack_floor, delivered, num_ack_pending } = await manager.consumers.info(stream, `${kind}-${segment}`)
  // The floor may lie behind until the next task comes; where nobody works on anything, all that was handed out is done.
  const done = num_ack_pending === 0 ? delivered : ack_floor
  for (let seq = 1; ;) {
    const message = await manager.direct.getMessage(stream, { seq, next_by_subj: subject }).catch((error) => {
      if (!isMissing(error)) throw error
    })
    if (!message || message.seq > done.stream_seq) return
    await manager.streams.deleteMessage(stream, message.seq).catch((error) => {
      if (!isMissing(error)) throw error
    })
    seq = message.seq + 1
  }
}

type StreamConfig = Parameters<JetStreamManager['streams']['add']>[0]

async function ensureStream(manager: JetStreamManager, config: StreamConfig & { name: string }): Promise<void> {
  const existing = await manager.streams.info(config.name).catch((error) => {
    if (!isMissing(error)) throw error
  })
  if (existing) await manager.streams.update(config.name, config)
  else await manager.streams.add({ storage: 'file', ...config })
}

/** A deployment's queues, as nodes, consumers and the owner use them. */
export class Queues {
  readonly deployment: string
  readonly connection: NatsConnection
  readonly objects: ObjectStore
  readonly #manager: JetStreamManager
  #interruption = new AbortController()

  private constructor(deployment: string, connection: NatsConnection, objects: ObjectStore, manager: JetStreamManager) {
    this.deployment = deployment
    this.connection = connection
    this.objects = objects
    this.#manager = manager
    void this.#watch()
  }

  /** Aborted when the connection is lost, and then another. */
  get interruption(): AbortSignal {
    return this.#interruption.signal
  }

  /** Throws UserError 'no-queues', 'nats-unreachable'. */
  static async open(connection: NatsConnection, deployment: string): Promise<Queues> {
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false })
      const objects = await new Objm(jetstream(connection, { checkAPI: false })).open(nameOf(deployment))
      return new Queues(deployment, connection, objects, manager)
    } catch (error) {
      if (!isMissing(error)) throw natsProblem(error)
      throw new UserError('no-queues', `The NATS server has no queues for the deployment ${deployment}.`, {
        hint: "Start the owner's gateway with --nats first: it makes them.",
        cause: error,
      })
    }
  }

  async consumer(kind: QueueKind, segment: number): Promise<Consumer> {
    return await jetstream(this.connection, { checkAPI: false }).consumers.get(
      nameOf(this.deployment),
      `${kind}-${segment}`,
    )
  }

  /**
   * Resolves when the server has the task on disk; false where it had it already, by job, kind and segment.
   * @throws UserError busy, nats-unreachable
   */
  async add(kind: QueueKind, segment: number, task: Task | FailedTask): Promise<boolean> {
    const subject = queueSubject(this.deployment, kind, segment)
    const msgID = `${task.job}.${kind}.${segment}${'failure' in task ? '.failed' : ''}`
    try {
      const { duplicate } = await this.#publish(subject, encodeMessage(task), { msgID })
      return !duplicate
    } catch (error) {
      throw natsProblem(error)
    }
  }

  /** Resolves when the answer is on disk; false where the job had one already, which stays. Throws UserError 'nats-unreachable'. */
  async answer(answer: Answer): Promise<boolean> {
    const subject = answerSubject(this.deployment, answer.job)
    try {
      await this.#publish(subject, encodeMessage(answer), { expect: { lastSubjectSequence: 0 } })
      return true
    } catch (error) {
      if ((error as { code?: unknown }).code === WRONG_LAST_SEQUENCE) return false
      throw natsProblem(error)
    }
  }

  /** The answer as it is given; one that was given before, or while the connection was lost, is not heard. */
  listen(job: string, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve) => {
      const subscription = this.connection.subscribe(answerSubject(this.deployment, job), {
        callback: (error, message) => {
          const answer = error ? undefined : decodeAnswer(message.string())
          if (answer) resolve(answer)
        },
      })
      signal.addEventListener('abort', () => subscription.unsubscribe())
    })
  }

  /** Undefined where there is none yet. Throws UserError 'nats-unreachable'. */
  async answerOf(job: string): Promise<Answer | undefined> {
    try {
      const subject = answerSubject(this.deployment, job)
      const message = await this.#manager.direct.getMessage(answersOf(this.deployment), { last_by_subj: subject })
      return message ? decodeAnswer(message.string()) : undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw natsProblem(error)
    }
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type !== 'disconnect') continue
      this.#interruption.abort()
      this.#interruption = new AbortController()
    }
  }

  #publish(subject: string, text: string, options: object) {
    return jetstream(this.connection, { checkAPI: false }).publish(subject, text, {
      timeout: publishTimeoutMs,
      ...options,
    })
  }
}
