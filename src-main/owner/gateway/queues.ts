import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../../core/errors.ts'
import { noLog, type Log } from '../../core/log.ts'
import type { Metrics } from '../../http/metrics.ts'
import { withRequestId } from '../../http/request-id.ts'
import { connectNats, untilLost, type NatsOptions } from '../../nats/connect.ts'
import { decodeTaskOrFailure, type Answer, type Task } from '../../nats/messages.ts'
import { Claims } from '../../nats/claims.ts'
import { makeQueues } from '../../nats/make-queues.ts'
import { getObject, removeObject } from '../../nats/objects.ts'
import { passOn } from '../../nats/pass-on.ts'
import { persist } from '../../nats/persist.ts'
import { isPassing } from '../../nats/problems.ts'
import { Queues } from '../../nats/queues.ts'
import { queueDepths, sweepObjects, sweepTasks } from '../../nats/sweep.ts'
import { takeTasks, type Delivery, type Outcome } from '../../nats/take-tasks.ts'
import type { Deployment } from '../deployment.ts'
import type { Desk } from './desk.ts'
import { LEAST_OPENING_MS, NATS_TOKEN, QueueAudits } from './queue-audits.ts'

export interface QueueOptions {
  readonly nats: NatsOptions
  /** Tasks that a queue holds; where the first is full, jobs are refused at once. */
  readonly limit: number
  /** Servers of a cluster that keep everything; 1 unless told. */
  readonly replicas?: number
  /** Whether the server names each party in its claims, as with docs/nats-server.conf; else all of NATS is one party. */
  readonly areNamed?: boolean
}

/** Of a segment: while one result is decrypted others are fetched, and what is noted of them goes to disk together. */
const atOnce = 4
const rateRetryMs = 5_000

export interface AnsweringQueues {
  /** Why no results can come now; none where they can. */
  problems(): string[]
  /** Rejects when the connection is closed and will not come back; never resolves. @throws UserError nats-unreachable */
  readonly lost: Promise<never>
  close(): Promise<void>
}

/**
 * Makes the queues of a desk's deployments, then opens and refreshes what nodes put there, until it is closed.
 * @throws UserError nats-unreachable, no-jetstream
 */
export async function answerQueues(
  desk: Desk,
  { nats, areNamed = false, ...sizes }: QueueOptions,
  log: Log = noLog,
): Promise<AnsweringQueues> {
  const connection = await connectNats(nats, 'sealwright gateway', log)
  const stopped = new AbortController()
  try {
    const all: Queues[] = []
    const loops: Promise<void>[] = []
    for (const deployment of desk.deployments) {
      await makeQueues(connection, deployment, sizes)
      const queues = await Queues.open(connection, deployment.id)
      all.push(queues)
      const audits = deployment.audit && new QueueAudits(desk, queues, new Claims(queues, areNamed))
      const counter = new Counter(desk, deployment, queues, audits, log)
      for (let segment = 0; segment < deployment.segments; segment++) {
        for (let i = 0; i < atOnce; i++) loops.push(counter.serve(segment, stopped.signal))
      }
      loops.push(sweep(desk, queues, deployment, stopped.signal, log))
    }
    const isUp = (): number => Number(all.every((queues) => queues.isUp))
    desk.metrics.watch('nats_connected', 'Whether there is a connection to the NATS server.', isUp)
    return {
      problems: () => [...new Set(all.flatMap((queues) => queues.problems()))],
      lost: untilLost(connection),
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

/** Each deployment for itself, so that one whose queues cannot be swept keeps none of the others waiting. */
async function sweep(
  { metrics }: Desk,
  queues: Queues,
  deployment: Deployment,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const attempt = async (what: string, work: () => Promise<number>): Promise<void> => {
    const labels = { deployment: deployment.id, what }
    try {
      const swept = await work()
      metrics.count('swept', 'Tasks and ciphertexts that were left behind and removed.', labels, swept)
      if (swept > 0) log('info', 'swept', { ...labels, swept })
    } catch (error) {
      metrics.count('sweep_failures', 'Times that sweeping did not work.', labels)
      log('warn', 'sweeping failed', { ...labels, reason: (error as Error).message })
    }
  }
  while (!signal.aborted) {
    await attempt('tasks', () => sweepTasks(queues, deployment))
    await attempt('objects', () => sweepObjects(queues))
    await tellDepths(metrics, queues, deployment).catch(() => {})
    await pause(sweepEveryMs, undefined, { signal }).catch(() => {})
  }
}

async function tellDepths(metrics: Metrics, queues: Queues, deployment: Deployment): Promise<void> {
  for (const { queue, waiting, inHand } of await queueDepths(queues, deployment)) {
    const labels = { deployment: deployment.id, queue }
    metrics.set('queue_waiting', 'Tasks that wait in a queue.', waiting, labels)
    metrics.set('queue_in_hand', 'Tasks that were handed out and are not done.', inHand, labels)
  }
}

/** One deployment's results: each job gets one answer, whatever nodes send. */
class Counter {
  readonly #desk: Desk
  readonly #deployment: Deployment
  readonly #queues: Queues
  readonly #audits: QueueAudits | undefined
  readonly #log: Log
  /** Jobs at hand, with the segment: a second copy waits until the first is done. */
  readonly #busy = new Set<string>()

  constructor(desk: Desk, deployment: Deployment, queues: Queues, audits: QueueAudits | undefined, log: Log) {
    this.#audits = audits
    this.#log = log
    this.#desk = desk
    this.#deployment = deployment
    this.#queues = queues
  }

  serve(segment: number, signal: AbortSignal): Promise<void> {
    return takeTasks(this.#queues, ['open', segment], (delivery) => this.#handle(segment, delivery), signal, this.#log)
  }

  async #handle(segment: number, { text }: Delivery): Promise<Outcome> {
    const task = decodeTaskOrFailure(text)
    if (!task) return {}
    const { job, answerKey, deadlineMs } = task
    const cleanUp = async (): Promise<void> => {
      if ('object' in task) await removeObject(this.#queues, task.object)
    }
    const leastMs = this.#audits ? LEAST_OPENING_MS : 0
    if (Date.now() + leastMs > deadlineMs || (await this.#queues.hasAnswer(job))) return { cleanUp }
    const key = `${job} ${segment}`
    if (this.#busy.has(key)) return { retryMs: 1000 }
    this.#busy.add(key)
    try {
      if ('failure' in task) await this.#queues.answer({ job, failure: task.failure }, answerKey)
      else await this.#settle(segment, task)
      return { cleanUp }
    } catch (error) {
      if (error instanceof UserError && error.code === 'too-many-requests') return { retryMs: rateRetryMs }
      if (!(error instanceof UserError) || isPassing(error)) throw error
      const failure = { code: error.code, message: error.message.slice(0, 300) }
      await this.#queues.answer({ job, failure }, answerKey)
      return { cleanUp }
    } finally {
      this.#busy.delete(key)
    }
  }

  async #settle(segment: number, task: Task): Promise<void> {
    const { job, deadlineMs, object } = task
    const file = await getObject(this.#queues, object)
    // It was settled before, or has expired.
    if (!file) return
    const { metrics } = this.#desk
    const bringer = { token: NATS_TOKEN, ...this.#audits?.bringerOf(task) }
    metrics.observe('result_bytes', 'Results that were sent here.', file.length)
    if (segment + 1 === this.#deployment.segments) {
      const open = async () => await withRequestId(job, () => this.#desk.open(file, bringer))
      const help = 'From a result to what the policy reveals of it.'
      const answer: Answer = { job, answer: { ...(await timed(metrics, 'open_seconds', help, open)) } }
      // Opened once: asking the desk again would cost another answer.
      await persist(deadlineMs, () => this.#queues.answer(answer, task.answerKey))
      return
    }
    const refresh = async () => await withRequestId(job, () => this.#desk.refresh(file, bringer))
    const refreshed = await timed(metrics, 'refresh_seconds', "From a result to the next segment's input.", refresh)
    await passOn(this.#queues, ['compute', segment + 1], task, refreshed)
  }
}

async function timed<T>(metrics: Metrics, name: `${string}_seconds`, help: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now()
  const done = await work()
  metrics.observe(name, help, (performance.now() - startedMs) / 1000)
  return done
}
