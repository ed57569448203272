import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { writeOnnx } from '../core/onnx/write-onnx.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { runLayerBatch, runLayers } from '../core/network/run-layers.ts'
import { stepCounter, type WorkContext } from '../core/progress.ts'
import { accuracyReport, type AccuracyReport, type Outputs } from '../core/validate/accuracy-report.ts'
import { checkLabels } from '../core/validate/check-outputs.ts'
import { attributeLayers } from '../core/validate/attribute-layers.ts'
import { quantisedReport, type QuantisedReport } from '../core/validate/quantised-report.ts'
import { reportHtml } from '../core/validate/report-html.ts'
import { reportText } from '../core/validate/report-text.ts'
import { readLabels } from '../data/read-labels.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { openReference, type ReferenceOptions } from '../ort/reference.ts'
import { prepareSamples } from './calibration.ts'
import { approximateOpened, planApproximated, type ApproximatedNetwork, type CompileRequest } from './compile.ts'
import { openNetworkFile, referenceOptions, type NetworkFile } from './open-network.ts'
import { openOriginal } from './original.ts'
import { exportCompiled } from './protect.ts'
import { runSegmentsInProcess } from './run-segments.ts'
import { Stopwatch } from '../core/stopwatch.ts'

export interface ValidateRequest extends Omit<CompileRequest, 'input' | 'batch' | 'msPerMegabyte'> {
  readonly data: string
  /** Class numbers; only agreements are reported where there are none. */
  readonly labels?: string
  /** How many samples are run encrypted too. */
  readonly encrypted: number
  /** Where a page with plots goes. */
  readonly html?: string
  readonly force: boolean
}

export interface ValidateResult extends AccuracyReport {
  readonly html?: string
  readonly seconds: number
}

/** Samples that say which layer lost what: figures to a per cent. */
const ATTRIBUTED_SAMPLES = 300
const CHUNK = 250

export { reportText }

/** Original, polynomial and encrypted network side by side. @throws UserError as `compile`, bad-labels, … */
export async function validate(request: ValidateRequest, work: WorkContext): Promise<ValidateResult> {
  if (request.html !== undefined) await checkOutput(request.html, request)
  const warnings: string[] = []
  const listening: WorkContext = {
    ...work,
    progress: (event) => (event.kind === 'warning' ? warnings.push(event.message) : work.progress(event)),
  }
  const watch = new Stopwatch(listening)
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  await checkData(request, opened.model, listening)
  const approximatedNetwork = await approximateOpened(request, opened, listening, watch)
  const { model, polynomial, preprocessing } = approximatedNetwork
  const { samples } = await prepareSamples(request.data, model.input.shape, preprocessing, listening)
  const labels = request.labels === undefined ? undefined : await readLabels(request.labels, { count: samples.length })
  const original = await watch.time('original', () => originalOutputs(request, opened, samples, listening))
  const approximated = await watch.time('polynomial', () =>
    referenceOutputs(writeOnnx({ ...polynomial, finish: 'none' }), referenceOptions({}, model), samples, listening),
  )
  const layers = await watch.time('attribute', () =>
    attributeLayers(model, polynomial, samples.slice(0, ATTRIBUTED_SAMPLES), listening),
  )
  const count = Math.min(request.encrypted, samples.length)
  const encrypted =
    count === 0
      ? undefined
      : {
          indices: Array.from({ length: count }, (_, index) => index),
          outputs: await encryptedOutputs(request, approximatedNetwork, samples.slice(0, count), listening, watch),
        }
  const report = accuracyReport({
    ...(labels && { labels: Array.from(labels) }),
    original: original.outputs,
    polynomial: approximated,
    ...(encrypted && { encrypted }),
    ...(model.quantised && {
      quantised: await quantised(approximatedNetwork, original, approximated, samples, listening),
    }),
    layers,
    warnings,
  })
  const { html } = request
  if (html !== undefined) {
    await writeAtomically(html, request, (file) => file.writeFile(reportHtml(report, model.name)))
  }
  return { ...report, ...(html !== undefined && { html }), seconds: watch.seconds }
}

/** Data and labels that do not fit the network are refused before the long work begins. */
async function checkData(request: ValidateRequest, model: LayerModel, work: WorkContext): Promise<void> {
  const { samples } = await prepareSamples(request.data, model.input.shape, request.preprocessing, work)
  if (request.labels === undefined || samples.length === 0) return
  const labels = Array.from(await readLabels(request.labels, { count: samples.length }))
  checkLabels(labels, samples.length, runLayers(model, samples[0]).length)
}

interface OriginalOutputs {
  readonly computedBy: string
  readonly outputs: Outputs
}

/** Before softmax and the like. */
async function originalOutputs(
  request: ValidateRequest,
  network: NetworkFile,
  samples: readonly Float64Array[],
  work: WorkContext,
): Promise<OriginalOutputs> {
  const original = await openOriginal(request, network)
  try {
    const outputs = await inChunks('original', samples, work, (chunk) => original.run(chunk))
    return { computedBy: original.computedBy, outputs }
  } finally {
    await original.close()
  }
}

/** What rounding decides, and what it does not. */
async function quantised(
  { model, droppedClamps }: ApproximatedNetwork,
  { computedBy, outputs }: OriginalOutputs,
  polynomial: Outputs,
  samples: readonly Float64Array[],
  work: WorkContext,
): Promise<QuantisedReport> {
  const exact = await inChunks('exact', samples, work, async (chunk) => runLayerBatch(model, chunk))
  const { outputStep } = model.quantised ?? {}
  return quantisedReport({ reference: computedBy, outputStep, droppedClamps, original: outputs, exact, polynomial })
}

async function referenceOutputs(
  file: string | Uint8Array,
  options: ReferenceOptions,
  samples: readonly Float64Array[],
  work: WorkContext,
): Promise<Outputs> {
  const reference = await openReference(file, options)
  try {
    return await inChunks('compare', samples, work, (chunk) => reference.runBatch(chunk))
  } finally {
    await reference.close()
  }
}

async function inChunks(
  stage: string,
  samples: readonly Float64Array[],
  work: WorkContext,
  run: (chunk: readonly Float64Array[]) => Promise<Float64Array[]>,
): Promise<Float64Array[]> {
  const step = stepCounter(work, stage, Math.ceil(samples.length / CHUNK))
  const outputs: Float64Array[] = []
  for (let first = 0; first < samples.length; first += CHUNK) {
    outputs.push(...(await run(samples.slice(first, first + CHUNK))))
    await new Promise((resolve) => setTimeout(resolve))
    step()
  }
  return outputs
}

/** Exports to a temporary folder, computes with the bundle as an edge does, and opens the results; nothing is kept. */
async function encryptedOutputs(
  request: ValidateRequest,
  approximated: ApproximatedNetwork,
  samples: readonly Float64Array[],
  work: WorkContext,
  watch: Stopwatch,
): Promise<Outputs> {
  const { model } = request
  const compiled = await planApproximated({ ...request, input: 'encrypted' }, approximated, work, watch)
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-validate-'))
  try {
    const [keys, out] = [join(folder, 'keys'), join(folder, 'network.sealed')]
    const passphrase = randomBytes(24).toString('base64url')
    const { deployment } = await exportCompiled({ model, keys, out, force: false, passphrase }, compiled, work, watch)
    const runner = { threads: availableParallelism(), evaluator: 'auto' } as const
    const run = { bundle: out, keys, passphrase, deployment, runner }
    return (await runSegmentsInProcess(run, samples, work)).outputs
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
