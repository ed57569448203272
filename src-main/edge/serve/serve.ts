import { fillBatch } from '../../core/bundle/packing.ts'
import { UserError } from '../../core/errors.ts'
import { sizeOf, type Shape } from '../../core/normalise/layer-model.ts'
import { SAMPLE_TYPES, type SampleType } from '../../data/read-samples.ts'
import {
  checkListen,
  json,
  listen,
  readBody,
  type Listening,
  type ListenOptions,
  type Reply,
} from '../../http/listen.ts'
import { Metrics } from '../../http/metrics.ts'
import { AskedWorker } from '../../workers/ask.ts'
import { Bundle, type Trust } from '../open-bundle.ts'
import type { RunnerOptions } from '../load-runner.ts'
import { Engine } from './engine.ts'
import { askGateway, type Gateway } from './gateway-client.ts'
import type { ParseQuestion } from './parse-thread.ts'

export interface ServeOptions extends ListenOptions {
  readonly bundle: string
  readonly trust: Trust
  readonly runner: RunnerOptions
  /** Requests that may wait or run; more are refused at once. */
  readonly queue: number
  /** Where results are opened; without it the encrypted result is the answer. */
  readonly gateway?: Gateway
}

export interface Serving extends Listening {
  readonly metrics: () => string
}

const parseTimeoutMs = 5_000
const threadUrl = (name: string): URL => new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, `${name}$1`))

/**
 * Serves a bundle over HTTP: POST /v1/run, GET /health, GET /metrics. Documented in docs/edge-api.md.
 * @throws UserError what opening a bundle and listening say
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  checkListen(options)
  const bundle = await Bundle.open(options.bundle, options.trust)
  const { manifest, sha256 } = bundle
  const plan = await bundle.plan(manifest.segments[0])
  await bundle.close()
  const metrics = new Metrics('sealwright_edge')
  const setup = { bundle: options.bundle, bundleSha256: sha256, segment: 0, options: options.runner }
  const engine = await Engine.start(setup, () =>
    metrics.count('engine_restarts', 'Times that the computing thread was replaced.'),
  )
  let pending = 0

  function refuseWhenBusy(): void {
    if (pending >= options.queue) throw new UserError('busy', 'The queue is full.')
  }

  async function run(type: string, bytes: () => Promise<Uint8Array>): Promise<Reply> {
    if (!isSampleType(type)) {
      throw new UserError('unsupported-media-type', `Send ${Object.keys(SAMPLE_TYPES).join(', ')}.`)
    }
    refuseWhenBusy()
    const sample = await bytes()
    refuseWhenBusy()
    pending += 1
    metrics.set('queue', 'Requests that wait or run.', pending)
    const startedMs = performance.now()
    try {
      const question = { bytes: sample, type, shape: plan.input.shape, preprocessing: manifest.preprocessing }
      const result = await engine.run(fillBatch(plan, await parse(question)))
      metrics.count('run_seconds', 'Time of answered requests.', {}, (performance.now() - startedMs) / 1000)
      if (options.gateway) return json(200, await askGateway(options.gateway, result))
      return { status: 200, type: 'application/octet-stream', body: result }
    } finally {
      pending -= 1
      metrics.set('queue', 'Requests that wait or run.', pending)
    }
  }

  const listening = await listen(options, async (request) => {
    const route = `${request.method} ${request.url}`
    if (route === 'GET /health') return json(200, { status: 'ok', deploymentId: manifest.deploymentId })
    if (route === 'GET /metrics') return { status: 200, type: 'text/plain; version=0.0.4', body: metrics.text() }
    if (request.url !== '/v1/run') throw new UserError('not-found', 'There is no such path.')
    if (request.method !== 'POST') throw new UserError('method-not-allowed', 'Use POST.')
    try {
      const type = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase()
      const reply = await run(type, () => readBody(request, maxBodyBytes(plan.input.shape)))
      metrics.count('requests', 'Requests by outcome.', { outcome: 'answered' })
      return reply
    } catch (error) {
      const outcome = error instanceof UserError ? error.code : 'failed'
      metrics.count('requests', 'Requests by outcome.', { outcome })
      throw error
    }
  })
  return {
    url: listening.url,
    metrics: () => metrics.text(),
    async close() {
      await listening.close()
      await engine.end()
    },
  }
}

/** Reads bytes from outside in a thread of their own, which ends with them. */
async function parse(question: ParseQuestion): Promise<Float64Array> {
  const worker = new AskedWorker<ParseQuestion, Float64Array>(threadUrl('parse-thread'), {
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  })
  try {
    return await worker.ask(question, { timeoutMs: parseTimeoutMs })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('unreadable-sample', 'The sample could not be read.', { cause: error })
  } finally {
    await worker.end()
  }
}

const isSampleType = (type: string): type is SampleType => Object.hasOwn(SAMPLE_TYPES, type)

/** A float64 array with its header, or a picture of any sensible kind. */
const maxBodyBytes = (shape: Shape): number => Math.max(8 * sizeOf(shape) + 4096, 2 ** 20)
