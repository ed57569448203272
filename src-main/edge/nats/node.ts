import { UserError } from '../../core/errors.ts'
import type { Plan } from '../../core/plan/plan.ts'
import { noLog, type Log } from '../../core/log.ts'
import type { WorkContext } from '../../core/progress.ts'
import { Metrics } from '../../http/metrics.ts'
import { receiptSha256 } from '../../core/bundle/receipt.ts'
import { makeClaim } from '../../nats/claims.ts'
import { connectNats, untilLost, type NatsOptions } from '../../nats/connect.ts'
import { decodeTask, jobIdentity, type Task } from '../../nats/messages.ts'
import { getObject, removeObject } from '../../nats/objects.ts'
import { answerAudits } from '../../nats/openings.ts'
import { passOn } from '../../nats/pass-on.ts'
import { persist } from '../../nats/persist.ts'
import { isPassing } from '../../nats/problems.ts'
import { Queues } from '../../nats/queues.ts'
import { takeTasks, type Delivery, type Outcome } from '../../nats/take-tasks.ts'
import { ownBuffers } from '../compute-job.ts'
import { checkMemory, type RunnerOptions } from '../load-runner.ts'
import { Bundle, type Trust } from '../../files/open-bundle.ts'
import { sha256 } from '../../files/sha256.ts'
import { Openings } from '../openings.ts'
import { Engine } from '../serve/engine.ts'
import { ownersRequests } from './owner-key.ts'
import { decodeTaskInput } from './task-input.ts'

export interface NodeOptions {
  readonly bundle: string
  readonly trust: Trust
  readonly runner: RunnerOptions
  readonly nats: NatsOptions
  /** From 0; all that the bundle holds unless told. */
  readonly segments?: readonly number[]
}

export interface Node {
  readonly segments: readonly number[]
  readonly metrics: Metrics
  /** Why no tasks can come now; none where they can. */
  problems(): string[]
  /** Rejects when the connection is closed and will not come back; never resolves. @throws UserError nats-unreachable */
  readonly lost: Promise<never>
  /** Finishes the tasks at hand. */
  close(): Promise<void>
}

/** A task that brings down so many nodes is given up. */
const maxAttempts = 8

/**
 * A node that takes its segments' tasks from the queues of a NATS server, together with others that hold the same
 * segments. It needs nothing from the owner but the bundle, and can answer nobody.
 * @throws UserError what opening a bundle says, segment-elsewhere, nats-unreachable, no-queues
 */
export async function serveQueues(options: NodeOptions, work: WorkContext, log: Log = noLog): Promise<Node> {
  const bundle = await Bundle.open(options.bundle, options.trust)
  const segments = options.segments ?? bundle.manifest.segments.map(({ index }) => index)
  const metrics = new Metrics('sealwright_edge')
  const stopped = new AbortController()
  const owned: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const end of owned.reverse()) await end()
  }
  try {
    checkMemory(options.runner, segments.length)
    const connection = await connectNats(options.nats, 'sealwright edge', log)
    owned.push(() => connection.close())
    const queues = await Queues.open(connection, bundle.manifest.deploymentId)
    const parts: SegmentNode[] = []
    for (const segment of segments) {
      const plan = await bundle.plan(bundle.segment(segment))
      const setup = { bundle: options.bundle, bundleSha256: bundle.sha256, segment, options: options.runner }
      const engine = await Engine.start(setup, () => {
        const message = `The thread of segment ${segment + 1} was replaced.`
        work.progress({ kind: 'warning', stage: 'serve', message })
        log('error', 'a computing thread was replaced', { segment: segment + 1 })
        metrics.count('engine_restarts', 'Times that a computing thread was replaced.')
      })
      owned.push(() => engine.end())
      parts.push(new SegmentNode({ bundle, segment, plan, engine, queues, work, log, metrics }))
    }
    const loops = parts.map((part) => part.run(stopped.signal))
    owned.push(async () => {
      stopped.abort()
      await Promise.all(loops)
    })
    metrics.watch('nats_connected', 'Whether there is a connection to the NATS server.', () => Number(queues.isUp))
    const problems = (): string[] => (stopped.signal.aborted ? ['the node stops'] : queues.problems())
    return { segments, metrics, problems, lost: untilLost(connection), close }
  } catch (error) {
    await close()
    throw error
  } finally {
    await bundle.close()
  }
}

interface SegmentParts {
  readonly bundle: Bundle
  readonly segment: number
  readonly plan: Plan
  readonly engine: Engine
  readonly queues: Queues
  readonly work: WorkContext
  readonly log: Log
  readonly metrics: Metrics
}

class SegmentNode {
  readonly #bundle: Bundle
  readonly #segment: number
  readonly #plan: Plan
  readonly #engine: Engine
  readonly #queues: Queues
  readonly #work: WorkContext
  readonly #log: Log
  readonly #metrics: Metrics
  /** In a deployment with audits. */
  readonly #openings: Openings | undefined
  #done = 0

  constructor({ bundle, segment, plan, engine, queues, work, log, metrics }: SegmentParts) {
    this.#bundle = bundle
    this.#segment = segment
    this.#plan = plan
    this.#engine = engine
    this.#queues = queues
    this.#work = work
    this.#log = log
    this.#metrics = metrics
    this.#openings = bundle.manifest.audit && new Openings()
  }

  run(signal: AbortSignal): Promise<void> {
    this.#answerAudits(signal)
    const queue = ['compute', this.#segment] as const
    return takeTasks(this.#queues, queue, (delivery) => this.#handle(delivery), signal, this.#log)
  }

  /** A first segment's encrypted input is opened by whoever encrypted it. */
  #answerAudits(signal: AbortSignal): void {
    const openings = this.#openings
    const segment = this.#segment
    if (!openings || (segment === 0 && this.#plan.input.mode === 'encrypted')) return
    const isOwners = ownersRequests(this.#bundle)
    answerAudits(this.#queues, { job: '*', segment, isOwners, open: (receipt) => openings.of(receipt) }, signal)
  }

  async #handle({ text, attempt }: Delivery): Promise<Outcome> {
    const task = decodeTask(text)
    if (!task) return {}
    const cleanUp = (): Promise<void> => removeObject(this.#queues, task.object)
    // Whoever waits for it knows by now.
    if (Date.now() > task.deadlineMs) return { cleanUp }
    try {
      if (attempt > maxAttempts) throw new UserError('too-many-attempts', 'Every node that tried the task failed.')
      const bytes = await getObject(this.#queues, task.object)
      // Another node has finished the task.
      if (!bytes) return {}
      await this.#compute(task, bytes)
      return { cleanUp }
    } catch (error) {
      if (!(error instanceof UserError) || isPassing(error)) throw error
      await this.#giveUp(task, error)
      return { cleanUp }
    }
  }

  async #compute(task: Task, bytes: Uint8Array): Promise<void> {
    const startedMs = performance.now()
    const work = decodeTaskInput(bytes, task.job, this.#bundle, this.#segment, this.#plan)
    const timeoutMs = task.deadlineMs - Date.now()
    // Audits are shown the input.
    const computed = await this.#engine.run(work, { timeoutMs, given: this.#openings ? [] : ownBuffers(work) })
    const { file: result, receipt } = computed
    if (this.#openings) {
      this.#openings.keep(work, computed)
      const stated = receiptSha256(receipt, sha256)
      await persist(task.deadlineMs, () => makeClaim(this.#queues, task.job, this.#segment, stated))
    }
    const isHanded = this.#bundle.cutAfter(this.#segment) === 'hand-off'
    const next = isHanded ? (['compute', this.#segment + 1] as const) : (['open', this.#segment] as const)
    await passOn(this.#queues, next, task, result)
    const seconds = (performance.now() - startedMs) / 1000
    const labels = { segment: String(this.#segment + 1) }
    this.#metrics.count('tasks', 'Tasks by outcome.', { ...labels, outcome: 'computed' })
    this.#metrics.observe('run_seconds', 'From a taken task to its queued result.', seconds, labels)
    this.#metrics.observe('result_bytes', 'Encrypted results.', result.length)
    this.#log('info', 'computed', { request: task.job, segment: this.#segment + 1, seconds })
    const detail = `segment ${this.#segment + 1}, ${seconds.toFixed(2)} s`
    this.#work.progress({ kind: 'step', stage: 'serve', done: (this.#done += 1), total: this.#done, detail })
  }

  async #giveUp(task: Task, { code, message }: UserError): Promise<void> {
    const labels = { segment: String(this.#segment + 1), outcome: code }
    this.#metrics.count('tasks', 'Tasks by outcome.', labels)
    this.#log('warn', 'gave a job up', { request: task.job, segment: this.#segment + 1, code })
    const failure = { code, message: message.slice(0, 300) }
    const failed = { version: 1, ...jobIdentity(task), failure } as const
    await persist(task.deadlineMs, () => this.#queues.add('open', this.#segment, failed))
  }
}
