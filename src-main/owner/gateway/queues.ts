import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../../core/errors.ts'
import { connectNats, type NatsConnection, type NatsOptions } from '../../nats/connect.ts'
import { decodeTaskOrFailure, type Answer, type Task } from '../../nats/messages.ts'
import { getObject, putObject, removeObject } from '../../nats/objects.ts'
import { persist } from '../../nats/persist.ts'
import { isPassing } from '../../nats/problems.ts'
import { makeQueues, Queues, sweepQueues } from '../../nats/queues.ts'
import { takeTasks, type Delivery, type Outcome } from '../../nats/take-tasks.ts'
import type { Deployment } from '../deployment.ts'
import type { Desk } from './desk.ts'

export interface QueueOptions {
  readonly nats: NatsOptions
  /** Tasks that a queue holds; where the first is full, jobs are refused at once. */
  readonly limit: number
}

/** For the audit log, where HTTP has the fingerprint of a token: NATS does not tell who published. */
const token = 'nats'
/** While one result is decrypted, the next is fetched. */
const atOnce = 2
const rateRetryMs = 5_000

/**
 * Makes the queues of a desk's deployments, then opens and refreshes what nodes put there, until it is closed.
 * @throws UserError nats-unreachable
 */
export async function answerQueues(desk: Desk, { nats, limit }: QueueOptions): Promise<{ close(): Promise<void> }> {
  const connection = await connectNats(nats, 'sealwright gateway')
  const stopped = new AbortController()
  try {
    const loops: Promise<void>[] = []
    for (const deployment of desk.deployments) {
      await makeQueues(connection, deployment, limit)
      const counter = new Counter(desk, deployment, await Queues.open(connection, deployment.id))
      for (let segment = 0; segment < deployment.segments; segment++) {
        for (let i = 0; i < atOnce; i++) loops.push(counter.serve(segment, stopped.signal))
      }
    }
    loops.push(sweep(connection, desk.deployments, stopped.signal))
    return {
      async close() {
        stopped.abort()
        await Promise.all(loops)
        await connection.close()
      },
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

const sweepEveryMs = 10_000

async function sweep(
  connection: NatsConnection,
  deployments: readonly Deployment[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(sweepEveryMs, undefined, { signal }).catch(() => {})
    for (const deployment of deployments) await sweepQueues(connection, deployment).catch(() => {})
  }
}

/** One deployment's results: each job gets one answer, whatever nodes send. */
class Counter {
  readonly #desk: Desk
  readonly #deployment: Deployment
  readonly #queues: Queues
  /** Jobs at hand, with the segment: a second copy waits until the first is done. */
  readonly #busy = new Set<string>()

  constructor(desk: Desk, deployment: Deployment, queues: Queues) {
    this.#desk = desk
    this.#deployment = deployment
    this.#queues = queues
  }

  serve(segment: number, signal: AbortSignal): Promise<void> {
    return takeTasks(this.#queues, ['open', segment], (delivery) => this.#handle(segment, delivery), signal)
  }

  async #handle(segment: number, { text }: Delivery): Promise<Outcome> {
    const task = decodeTaskOrFailure(text)
    if (!task) return {}
    const { job, deadlineMs } = task
    const cleanUp = async (): Promise<void> => {
      if ('object' in task) await removeObject(this.#queues, task.object)
    }
    if (Date.now() > deadlineMs || (await this.#queues.answerOf(job))) return { cleanUp }
    const key = `${job} ${segment}`
    if (this.#busy.has(key)) return { retryMs: 1000 }
    this.#busy.add(key)
    try {
      if ('failure' in task) await this.#queues.answer({ job, failure: task.failure })
      else await this.#settle(segment, task)
      return { cleanUp }
    } catch (error) {
      if (error instanceof UserError && error.code === 'too-many-requests') return { retryMs: rateRetryMs }
      if (!(error instanceof UserError) || isPassing(error)) throw error
      await this.#queues.answer({ job, failure: { code: error.code, message: error.message.slice(0, 300) } })
      return { cleanUp }
    } finally {
      this.#busy.delete(key)
    }
  }

  async #settle(segment: number, { job, deadlineMs, object }: Task): Promise<void> {
    const file = await getObject(this.#queues, object)
    // It was settled before, or has expired.
    if (!file) return
    if (segment + 1 === this.#deployment.segments) {
      const answer: Answer = { job, answer: { ...(await this.#desk.open(file, token)) } }
      // Opened once: asking the desk again would cost another answer.
      await persist(deadlineMs, () => this.#queues.answer(answer))
      return
    }
    const refreshed = await putObject(this.#queues, job, await this.#desk.refresh(file, token))
    const next = { version: 1, job, deadlineMs, object: refreshed } as const
    const isNew = await persist(deadlineMs, () => this.#queues.add('compute', segment + 1, next)).catch(
      async (error) => {
        await removeObject(this.#queues, refreshed)
        throw error
      },
    )
    if (!isNew) await removeObject(this.#queues, refreshed)
  }
}
