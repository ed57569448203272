import { present } from '../../core/must.ts'
import type { IncomingMessage } from 'node:http'
import { UserError } from '../../core/errors.ts'
import { noLog, type Log } from '../../core/log.ts'
import type { Plan } from '../../core/plan/plan.ts'
import { readBody } from '../../http/body.ts'
import { checkListen, json, listen, type Listening, type ListenOptions, type Reply } from '../../http/listen.ts'
import { Metrics } from '../../http/metrics.ts'
import { currentRequestId } from '../../http/request-id.ts'
import { statusReply } from '../../http/status.ts'
import { decodeResult } from '../../core/bundle/result.ts'
import { sha256 } from '../../files/sha256.ts'
import { jobOn, type Job } from '../compute-job.ts'
import { Openings } from '../openings.ts'
import { Bundle, type Trust } from '../../files/open-bundle.ts'
import { checkMemory, type RunnerOptions } from '../load-runner.ts'
import { BodyReader } from './body-reader.ts'
import { CIPHERTEXTS_TYPE, type BodyType } from './body.ts'
import { Engines } from './engines.ts'
import { askGateway, askRefresh, type Gateway } from './gateway-client.ts'
import { bodyTypeOf, RequestReader } from './read-request.ts'

/** Job, then segment from 0. */
const openingPath = /^\/v1\/openings\/([0-9a-f]{32})\/(\d{1,2})$/

export interface ServeOptions extends ListenOptions {
  readonly bundle: string
  readonly trust: Trust
  readonly runner: RunnerOptions
  /** From 0; all that the bundle holds unless told. */
  readonly segments?: readonly number[]
  /** Requests that may wait or run; more are refused at once. */
  readonly queue: number
  /** Where results are opened; without it the encrypted result is the answer. */
  readonly gateway?: Gateway
}

export interface Serving extends Listening {
  readonly metrics: () => string
}

/**
 * Serves a bundle over HTTP: POST /v1/run, GET /v1/openings/JOB/SEGMENT, GET /health, GET /ready, GET /metrics.
 * Documented in docs/edge-api.md.
 * @throws UserError what opening a bundle and listening say, segment-elsewhere
 */
export async function serve(options: ServeOptions, log: Log = noLog): Promise<Serving> {
  checkListen(options)
  const bundle = await Bundle.open(options.bundle, options.trust)
  const { manifest } = bundle
  const segments = options.segments ?? manifest.segments.map(({ index }) => index)
  const bodies = new BodyReader()
  const reader = new RequestReader(bundle, await plansOf(bundle, segments), bodies)
  checkMemory(options.runner, segments.length)
  const metrics = new Metrics('sealwright_edge')
  const engines = new Engines({ bundle: options.bundle, bundleSha256: bundle.sha256, options: options.runner }, () => {
    metrics.count('engine_restarts', 'Times that a computing thread was replaced.')
    log('error', 'a computing thread was replaced')
  })
  const endThreads = async (): Promise<void> => {
    await Promise.all([engines.end(), bodies.end()])
  }
  /** A server that does not start leaves no thread behind, which would keep its process alive. */
  const orEndThreads = <T>(start: Promise<T>): Promise<T> =>
    start.catch(async (error: unknown) => {
      await endThreads()
      throw error
    })
  await orEndThreads(Promise.all([engines.load(present(segments[0])), bodies.warm()]))
  const openings = new Openings()
  const problems: string[] = []
  let pending = 0

  function refuseWhenBusy(): void {
    if (pending >= options.queue) throw new UserError('busy', 'The queue is full.')
  }

  async function run(type: BodyType, body: () => Promise<Uint8Array>): Promise<Reply> {
    refuseWhenBusy()
    const bytes = await body()
    refuseWhenBusy()
    pending += 1
    metrics.set('queue', 'Requests that wait or run.', pending)
    metrics.observe('request_bytes', 'Bodies of requests that were taken.', bytes.length)
    let startedMs = performance.now()
    try {
      let job = await reader.read(type, bytes)
      for (; ; startedMs = performance.now()) {
        const file = await compute(job, startedMs)
        if ('isReplay' in job) return { status: 200, type: CIPHERTEXTS_TYPE, body: file }
        const next = await goOn(job, file)
        if (!('input' in next)) return next
        job = next
      }
    } finally {
      pending -= 1
      metrics.set('queue', 'Requests that wait or run.', pending)
    }
  }

  async function compute(job: Job, startedMs: number): Promise<Uint8Array> {
    const computed = await engines.run(job)
    if (!('isReplay' in job)) openings.keep(job, computed)
    const seconds = (performance.now() - startedMs) / 1000
    const segment = job.segment + 1
    metrics.observe('run_seconds', 'From a taken request to its result.', seconds, { segment: String(segment) })
    metrics.observe('result_bytes', 'Encrypted results.', computed.file.length)
    log('info', 'computed', { request: currentRequestId(), segment, seconds })
    return computed.file
  }

  /** With a gateway a job goes on here for as long as its next segment is served here; else whoever asked carries it on. */
  async function goOn({ segment }: Job, file: Uint8Array): Promise<Job | Reply> {
    const cut = bundle.cutAfter(segment)
    const { gateway } = options
    const asIs = { status: 200, type: CIPHERTEXTS_TYPE, body: file }
    if (!gateway) return asIs
    const open = (id: string, at: number): Uint8Array => openings.get(id, at)
    if (cut === undefined) return json(200, await askGateway(gateway, file, open))
    const isServed = segments.includes(segment + 1)
    if (cut === 'hand-off') return isServed ? jobOn(decodeResult(file, sha256, 'handed')) : asIs
    const refreshed = await askRefresh(gateway, file, open)
    if (!isServed) return { ...asIs, body: refreshed }
    const next = await reader.read(CIPHERTEXTS_TYPE, refreshed)
    if (next.segment === segment + 1) return next
    throw new UserError('gateway-refused', "The gateway sent another segment's input.")
  }

  const status = { facts: { deploymentId: manifest.deploymentId }, metrics, problems: () => problems }
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const reply = statusReply(`${request.method} ${request.url}`, status)
    if (reply) return reply
    const opened = openingPath.exec(request.url ?? '')
    if (opened && request.method === 'GET') {
      return { status: 200, type: CIPHERTEXTS_TYPE, body: openings.get(present(opened[1]), Number(opened[2])) }
    }
    if (request.url !== '/v1/run') throw new UserError('not-found', 'There is no such path.')
    if (request.method !== 'POST') throw new UserError('method-not-allowed', 'Use POST.')
    try {
      const type = bodyTypeOf(request.headers['content-type'])
      const reply = await run(type, () => readBody(request, reader.maxBytes(type)))
      metrics.count('requests', 'Requests by outcome.', { outcome: 'answered' })
      return reply
    } catch (error) {
      const outcome = error instanceof UserError ? error.code : 'failed'
      metrics.count('requests', 'Requests by outcome.', { outcome })
      log(outcome === 'failed' ? 'error' : 'warn', 'refused', {
        request: currentRequestId(),
        outcome,
        ...reasonOf(error),
      })
      throw error
    }
  }
  const listening = await orEndThreads(listen(options, answer))
  return {
    url: listening.url,
    metrics: () => metrics.text(),
    async close() {
      problems.push('the server stops')
      await listening.close()
      await endThreads()
    },
  }
}

/** Closes the bundle, whatever happens. */
async function plansOf(bundle: Bundle, segments: readonly number[]): Promise<Map<number, Plan>> {
  try {
    const plans = segments.map(async (index) => [index, await bundle.plan(bundle.segment(index))] as const)
    return new Map(await Promise.all(plans))
  } finally {
    await bundle.close()
  }
}

/** Ours are told in full, to the log only. */
const reasonOf = (error: unknown): { reason?: string } =>
  error instanceof UserError ? {} : { reason: (error as Error).message }
