import { present } from '../core/must.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { writeScores } from '../core/onnx/write-onnx.ts'
import { classesOf, sizeOf, type LayerModel } from '../core/network/layer-model.ts'
import { labelOf } from '../core/network/classification.ts'
import { tellsQuantities } from '../core/network/quantities.ts'
import { runLayerBatch } from '../core/network/run-layers.ts'
import { breathe, stepCounter, type WorkContext } from '../core/progress.ts'
import {
  accuracyReport,
  type AccuracyReport,
  type Outputs,
  type TargetErrors,
} from '../core/validate/accuracy-report.ts'
import { outputError, type OutputError } from '../core/validate/output-error.ts'
import { checkLabels } from '../core/validate/check-outputs.ts'
import { classScores, finishedOutput } from '../core/normalise/run-tail.ts'
import { attributeLayers } from '../core/validate/attribute-layers.ts'
import { quantisedReport, type QuantisedReport } from '../core/validate/quantised-report.ts'
import { reportHtml } from '../core/validate/report-html.ts'
import { reportText } from '../core/validate/report-text.ts'
import { asReconstruction, labelsOfNetwork, targetsOf } from './labels.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { openReference, type ReferenceOptions } from '../ort/reference.ts'
import { openSamples } from './calibration.ts'
import { judge, type OriginalTrial } from './try-original.ts'
import { approximateOpened, planApproximated, type ApproximatedNetwork } from './compile.ts'
import { hashOf } from './hash-of.ts'
import { overlapWarning } from './overlap.ts'
import { openNetworkFile, referenceOptions, type NetworkFile } from './open-network.ts'
import { COMPARED_SAMPLES, openOriginal, type OriginalReport } from './original.ts'
import { reportOrigin, type Measured } from './report-origin.ts'
import { exportCompiled } from './protect.ts'
import { runSegmentsInProcess } from './run-segments.ts'
import { Stopwatch } from '../core/stopwatch.ts'

export interface ValidateRequest extends Measured {
  /** Where a page with plots goes. */
  readonly html?: string
  readonly force: boolean
}

export interface ValidateResult extends AccuracyReport {
  /** Where the original network is right on less than half, with what usual preprocessings give. */
  readonly original: AccuracyReport['original'] & Pick<OriginalTrial, 'presets' | 'reordered'>
  readonly html?: string
  /** Of the network's file, as it was read. */
  readonly sha256: string
  readonly seconds: number
}

/** Samples that say which layer lost what: figures to a per cent. */
const ATTRIBUTED_SAMPLES = 300
const CHUNK = 250
/** What attributed samples and a chunk may hold, as float64; of large pictures fewer are taken. */
const [MOST_ATTRIBUTED_BYTES, MOST_CHUNK_BYTES] = [128 * 2 ** 20, 64 * 2 ** 20]

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
  const data = await openData(request, opened, listening)
  const { network: approximatedNetwork, overlap } = await approximateForValidation(
    request,
    opened,
    data.hashes,
    listening,
    watch,
  )
  const { model, polynomial } = approximatedNetwork
  const { samples, labels, opened: source } = data
  if (overlap !== undefined) warnings.push(overlap)
  const original = await watch.time('original', () => originalOutputs(request, opened, samples, listening))
  const approximated = await watch.time('polynomial', () =>
    referenceOutputs(writeScores(polynomial), referenceOptions({}, model), samples, listening),
  )
  const layers = await watch.time('attribute', () =>
    attributeLayers(
      model,
      polynomial,
      samples.first(atMost(ATTRIBUTED_SAMPLES, MOST_ATTRIBUTED_BYTES, model)),
      listening,
      { scoresOf: (each) => classScores(model, each) },
    ),
  )
  const count = Math.min(request.encrypted, samples.length)
  const encrypted =
    count === 0
      ? undefined
      : {
          indices: Array.from({ length: count }, (_, index) => index),
          outputs: await encryptedOutputs(request, approximatedNetwork, samples.first(count), listening, watch),
        }
  const scored = (outputs: Outputs): Outputs => outputs.map((each) => classScores(model, each))
  const originalScores = scored(original.outputs)
  const check =
    labels &&
    (await judge(
      { request, network: opened, ...source },
      source.indices,
      labels,
      originalScores.map(labelOf),
      listening,
    ))
  const { classNames } = approximatedNetwork
  const isQuantity = !labels && (tellsQuantities(model) || data.targets !== undefined)
  const errorsToTargets = (targets: readonly Float64Array[]): TargetErrors => {
    const errorOf = (outputs: Outputs): OutputError =>
      outputError(
        outputs.map((_, index) => present(targets[index])),
        outputs.map((each) => finishedOutput(model, each)),
      )
    return {
      original: errorOf(original.outputs),
      polynomial: errorOf(approximated),
      // The first samples are those that are encrypted.
      ...(encrypted && { encrypted: errorOf(encrypted.outputs) }),
    }
  }
  const report = accuracyReport({
    ...(labels && { labels }),
    ...(classNames && { classNames }),
    isQuantity,
    ...(data.targets && { targets: errorsToTargets(data.targets) }),
    original: originalScores,
    computedBy: original.computedBy,
    ...(original.deviation && { deviation: original.deviation }),
    polynomial: scored(approximated),
    ...(encrypted && { encrypted: { ...encrypted, outputs: scored(encrypted.outputs) } }),
    ...(model.quantised && {
      quantised: await quantised(approximatedNetwork, original, approximated, samples, isQuantity, listening),
    }),
    layers,
    warnings,
  })
  const { html } = request
  const { sha256 } = opened
  if (html !== undefined) {
    await writeAtomically(html, request, (file) =>
      file.writeFile(reportHtml(report, model.name, reportOrigin(request, sha256))),
    )
  }
  const { presets, reordered } = check ?? {}
  const judged = { ...report.original, ...(presets && { presets, reordered }) }
  return { ...report, original: judged, ...(html !== undefined && { html }), sha256, seconds: watch.seconds }
}

/** And what is said of samples that are both; without calibration samples where no plan needs them: of large pictures they are half of what is held. */
async function approximateForValidation(
  request: ValidateRequest,
  opened: NetworkFile,
  validated: Parameters<typeof overlapWarning>[0],
  work: WorkContext,
  watch: Stopwatch,
): Promise<{ network: ApproximatedNetwork; overlap: string | undefined }> {
  const network = await approximateOpened(request, opened, work, watch)
  const overlap = overlapWarning(validated, network.samples)
  return { network: request.encrypted > 0 ? network : { ...network, samples: [], fitted: [] }, overlap }
}

/** Samples that are read again each time they are used. */
interface StreamedSamples {
  readonly length: number
  /** As many as are held at once. */
  readonly chunk: number
  slice(from: number, to: number): Float64Array[]
  first(count: number): Float64Array[]
}

/** Every sample is read once, so that data and labels that do not fit the network are refused before the long work begins; and hashed, to be known again. */
async function openData(request: ValidateRequest, network: NetworkFile, work: WorkContext) {
  const { model } = network
  const { data: path, preprocessing, maxSamples } = request
  const opened = await openSamples({ path, preprocessing, purpose: 'test', maxSamples }, model, work)
  const { source, indices } = opened
  const length = indices.length
  const slice = (from: number, to: number): Float64Array[] =>
    Array.from({ length: Math.max(0, Math.min(to, length) - from) }, (_, i) => opened.at(from + i))
  const chunk = atMost(CHUNK, MOST_CHUNK_BYTES, model)
  const hashes: string[] = []
  await inChunks('read', { length, chunk, slice }, work, async (some) => {
    hashes.push(...some.map(hashOf))
    return []
  })
  const samples: StreamedSamples = { length, chunk, slice, first: (count) => slice(0, count) }
  const targets = await targetsOf(request, model, source)
  if (targets) return { samples, hashes, opened, targets: indices.map((index) => present(targets[index])) }
  if (source.labels && asReconstruction(request, network.model)) {
    work.progress({ kind: 'warning', stage: 'validate', message: labelsLeftOut })
  }
  const found = await labelsOfNetwork(request, { model, classNames: network.classNames }, source)
  if (found === undefined) return { samples, hashes, opened }
  const labels = indices.map((index) => present(found[index]))
  checkLabels(labels, length, classesOf(model))
  return { samples, hashes, opened, labels }
}

const labelsLeftOut =
  'The network gives as many numbers as it takes, so the labels of the data are not taken for classes of it. --labels takes them so.'

interface OriginalOutputs extends OriginalReport {
  readonly outputs: Outputs
}

/** Before softmax and the like. */
async function originalOutputs(
  request: ValidateRequest,
  network: NetworkFile,
  samples: Chunked,
  work: WorkContext,
): Promise<OriginalOutputs> {
  const original = await openOriginal(request, network, samples.slice(0, COMPARED_SAMPLES))
  try {
    const outputs = await inChunks('original', samples, work, (chunk) => original.run(chunk))
    const { computedBy, deviation } = original
    return { computedBy, outputs, ...(deviation && { deviation }) }
  } finally {
    await original.close()
  }
}

/** What rounding decides, and what it does not. */
async function quantised(
  { model, droppedClamps }: ApproximatedNetwork,
  { computedBy, outputs }: OriginalOutputs,
  polynomial: Outputs,
  samples: Chunked,
  isQuantity: boolean,
  work: WorkContext,
): Promise<QuantisedReport> {
  const exact = await inChunks('exact', samples, work, async (chunk) => runLayerBatch(model, chunk))
  const { outputStep } = model.quantised ?? {}
  const scored = (all: Outputs): Outputs => all.map((each) => classScores(model, each))
  return quantisedReport({
    reference: computedBy,
    outputStep,
    droppedClamps,
    original: scored(outputs),
    exact: scored(exact),
    polynomial: scored(polynomial),
    isQuantity,
  })
}

async function referenceOutputs(
  file: string | Uint8Array,
  options: ReferenceOptions,
  samples: Chunked,
  work: WorkContext,
): Promise<Outputs> {
  const reference = await openReference(file, options)
  try {
    return await inChunks('compare', samples, work, (chunk) => reference.runBatch(chunk))
  } finally {
    await reference.close()
  }
}

type Chunked = Pick<StreamedSamples, 'length' | 'chunk' | 'slice'>

/** At least one. */
const atMost = (samples: number, bytes: number, { input }: LayerModel): number =>
  Math.max(1, Math.min(samples, Math.floor(bytes / (8 * sizeOf(input.shape)))))

async function inChunks(
  stage: string,
  samples: Chunked,
  work: WorkContext,
  run: (chunk: readonly Float64Array[]) => Promise<Float64Array[]>,
): Promise<Float64Array[]> {
  const step = stepCounter(work, stage, Math.ceil(samples.length / samples.chunk))
  const outputs: Float64Array[] = []
  for (let first = 0; first < samples.length; first += samples.chunk) {
    outputs.push(...(await run(samples.slice(first, first + samples.chunk))))
    await breathe()
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
