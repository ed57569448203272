import { jetstream, jetstreamManager, type Consumer, type JetStreamManager } from '@nats-io/jetstream'
import { lacksJetStream, type NatsConnection } from './connect.ts'
import { decodeAnswer, encodeMessage, type Answer, type FailedTask, type Task } from './messages.ts'
import { answersStream, answerSubject, consumerName, objectsStream, queueSubject, tasksStream } from './names.ts'
import type { QueueKind } from './names.ts'
import { unlessAborted } from './unless-aborted.ts'
import { isMissing, natsProblem, noJetStream, noQueues, WRONG_LAST_SEQUENCE } from './problems.ts'

export type { QueueKind }

/** A node that is silent for so long is taken for dead, and its task goes to another. */
export const SILENCE_MS = 5_000
const publishTimeoutMs = 5_000

/** A deployment's queues, as nodes, consumers and the owner use them. */
export class Queues {
  readonly deployment: string
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  #interruption = new AbortController()
  #interruptions = 0
  #isUp = true

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

  /** Throws UserError 'no-queues', 'no-jetstream', 'nats-unreachable'. */
  static async open(connection: NatsConnection, deployment: string): Promise<Queues> {
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false })
      await manager.streams.info(objectsStream(deployment))
      return new Queues(deployment, connection, manager)
    } catch (error) {
      if (isMissing(error)) throw noQueues(deployment, error)
      throw lacksJetStream(connection) ? noJetStream(error) : natsProblem(error)
    }
  }

  async consumer(kind: QueueKind, segment: number): Promise<Consumer> {
    const client = jetstream(this.connection, { checkAPI: false })
    return await client.consumers.get(tasksStream(this.deployment), consumerName(kind, segment))
  }

  /**
   * Resolves when the server has written the task; false where it had it already, by job, kind and segment.
   * @throws UserError busy, nats-unreachable
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

  /** Resolves when the answer is written; false where the job had one already, which stays. Throws UserError 'nats-unreachable'. */
  async answer(answer: Answer): Promise<boolean> {
    const subject = answerSubject(this.deployment, answer.job)
    try {
      await this.publish(subject, encodeMessage(answer), { expect: { lastSubjectSequence: 0 } })
      return true
    } catch (error) {
      if ((error as { code?: unknown }).code === WRONG_LAST_SEQUENCE) return false
      throw natsProblem(error)
    }
  }

  /** The answer as it is given; one that was given before, or while the connection was lost, is not heard. Throws where the connection is closed. */
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
      // The subject is part of the request, so that a server can permit it job by job.
      const message = await this.manager.direct.getMessage(answersStream(this.deployment), { last_by_subj: subject })
      return message ? decodeAnswer(message.string()) : undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw natsProblem(error)
    }
  }

  /** Resolves when the server has written the message. Whoever calls knows whether it may be said again. */
  async publish(subject: string, data: string | Uint8Array, options: object = {}): Promise<{ duplicate: boolean }> {
    const client = jetstream(this.connection, { checkAPI: false })
    return await unlessAborted(
      this.interruption,
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
