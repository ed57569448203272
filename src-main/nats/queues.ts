import { jetstream, jetstreamManager, type Consumer, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream'
import { lacksJetStream, type NatsConnection } from './connect.ts'
import type { AnswerKeys } from './answer-keys.ts'
import { decodeSealed, encodeAnswer, encodeMessage, openAnswer } from './messages.ts'
import type { Answer, FailedTask, Task } from './messages.ts'
import { answersStream, answerSubject, consumerName, objectsStream, queueSubject, tasksStream } from './names.ts'
import type { QueueKind } from './names.ts'
import { unlessAborted } from './unless-aborted.ts'
import { isMissing, natsProblem, noJetStream, noQueues, WRONG_LAST_SEQUENCE } from './problems.ts'

export type { QueueKind }

/** A node that is silent for so long is taken for dead, and its task goes to another. */
export const SILENCE_MS = 5_000
const publishTimeoutMs = 5_000

/** A job that nobody has submitted: to see whether there are answers at all. */
const nobodysJob = '0'.repeat(32)

/** A deployment's queues, as nodes, consumers and the owner use them. */
export class Queues {
  readonly deployment: string
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  /** Until the server refuses it. */
  mayReadDirectly = true
  #interruption = new AbortController()
  #interruptions = 0
  #isUp = true
  /** By queue: why it gives no tasks to whoever takes them here. */
  readonly #silent = new Map<string, string>()

  private constructor(deployment: string, connection: NatsConnection, manager: JetStreamManager) {
    this.deployment = deployment
    this.connection = connection
    this.manager = manager
    void this.#watch().catch(() => {})
  }

  /** Aborted when the connection is lost, and then another. */
  get interruption(): AbortSignal {
    return this.#interruption.signal
  }

  /** How often the connection was lost. */
  get interruptions(): number {
    return this.#interruptions
  }

  /** Whether there is a connection now. */
  get isUp(): boolean {
    return this.#isUp && !this.connection.isClosed()
  }

  /** Why no tasks can come now; none where they can. */
  problems(): string[] {
    if (!this.isUp) return ['the NATS server cannot be reached, or refuses']
    return [...this.#silent].map(([queue, reason]) => `${queue} gives no tasks: ${reason}`)
  }

  /** What became of asking a queue for a task; without a reason it went well. */
  noteAsked(queue: string, reason?: string): void {
    if (reason === undefined) this.#silent.delete(queue)
    else this.#silent.set(queue, reason)
  }

  /**
   * Submitters may not look at the objects, whose names tell the jobs of others.
   * @throws UserError no-queues, no-jetstream, nats-unreachable
   */
  static async open(
    connection: NatsConnection,
    deployment: string,
    party: 'owner' | 'node' | 'submitter' = 'node',
  ): Promise<Queues> {
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false })
      const queues = new Queues(deployment, connection, manager)
      if (party === 'submitter') await queues.hasAnswer(nobodysJob)
      else await manager.streams.info(objectsStream(deployment))
      return queues
    } catch (error) {
      throw queuesProblem(connection, deployment, error)
    }
  }

  /** Asks the server whether there is such a queue. @throws UserError no-queues, no-jetstream, nats-unreachable */
  async consumer(kind: QueueKind, segment: number): Promise<Consumer> {
    const { connection, deployment } = this
    try {
      const client = jetstream(connection, { checkAPI: false })
      return await client.consumers.get(tasksStream(deployment), consumerName(kind, segment))
    } catch (error) {
      throw queuesProblem(connection, deployment, error)
    }
  }

  /**
   * Resolves when the server has written the task; false where it had it already, by job, kind and segment.
   * @throws UserError busy, nats-full, nats-unreachable
   */
  async add(kind: QueueKind, segment: number, task: Task | FailedTask): Promise<boolean> {
    const subject = queueSubject(this.deployment, kind, segment)
    const { job, again = 0 } = task
    const msgID = `${job}.${kind}.${segment}.${again}${'failure' in task ? '.failed' : ''}`
    try {
      const { duplicate } = await this.publish(subject, encodeMessage(task), { msgID })
      return !duplicate
    } catch (error) {
      throw natsProblem(error)
    }
  }

  /**
   * Resolves when the answer is written; false where the job had one already, which stays. What is stored in its place
   * and is none is written over. @throws UserError nats-full, nats-unreachable
   */
  async answer(answer: Answer, answerKey: string): Promise<boolean> {
    const subject = answerSubject(this.deployment, answer.job)
    for (let lastSubjectSequence = 0; ;) {
      try {
        await this.publish(subject, encodeAnswer(answer, answerKey), { expect: { lastSubjectSequence } })
        return true
      } catch (error) {
        if ((error as { code?: unknown }).code !== WRONG_LAST_SEQUENCE) throw natsProblem(error)
      }
      const stored = await this.#stored(answer.job)
      if (stored && decodeSealed(stored.string(), answer.job)) return false
      lastSubjectSequence = stored?.seq ?? 0
    }
  }

  /** The answer as it is given; one that was given before, or while the connection was lost, is not heard. Throws where the connection is closed. */
  listen(keys: AnswerKeys, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve) => {
      const subscription = this.connection.subscribe(answerSubject(this.deployment, keys.job), {
        callback: (error, message) => {
          const sealed = error ? undefined : decodeSealed(message.string(), keys.job)
          const answer = sealed && openAnswer(sealed, keys)
          if (answer) resolve(answer)
        },
      })
      signal.addEventListener('abort', () => subscription.unsubscribe())
    })
  }

  /** Undefined where there is none yet. @throws UserError nats-unreachable */
  async answerOf(keys: AnswerKeys): Promise<Answer | undefined> {
    const stored = await this.#stored(keys.job)
    const sealed = stored && decodeSealed(stored.string(), keys.job)
    return sealed && openAnswer(sealed, keys)
  }

  /** @throws UserError nats-unreachable */
  async hasAnswer(job: string): Promise<boolean> {
    const stored = await this.#stored(job)
    return stored !== undefined && decodeSealed(stored.string(), job) !== undefined
  }

  async #stored(job: string): Promise<StoredMsg | undefined> {
    try {
      const subject = answerSubject(this.deployment, job)
      // The subject is part of the request, so that a server can permit it job by job.
      const request = { last_by_subj: subject }
      return (await this.manager.direct.getMessage(answersStream(this.deployment), request)) ?? undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw natsProblem(error)
    }
  }

  /** Resolves when the server has written the message. Whoever calls knows whether it may be said again. */
  async publish(subject: string, data: string | Uint8Array, options: object = {}): Promise<{ duplicate: boolean }> {
    const client = jetstream(this.connection, { checkAPI: false })
    return await unlessAborted(
      [this.interruption],
      client.publish(subject, data, { timeout: publishTimeoutMs, ...options }),
    )
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'reconnect') this.#isUp = true
      if (type !== 'disconnect') continue
      this.#isUp = false
      this.#interruptions += 1
      this.#interruption.abort()
      this.#interruption = new AbortController()
    }
  }
}

function queuesProblem(connection: NatsConnection, deployment: string, cause: unknown): Error {
  if (isMissing(cause)) return noQueues(deployment, cause)
  return lacksJetStream(connection) ? noJetStream(cause) : natsProblem(cause)
}
