import type { RuntimeDeviationReport } from '../core/validate/accuracy-report.ts'
import {
  compareWithRuntime,
  largestDifference,
  largestOf,
  unexplained,
  type Precision,
  type RuntimeDifference,
} from '../core/validate/same-as-runtime.ts'
import { applyFinish } from '../core/network/finish.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { runLayerBatch } from '../core/network/run-layers.ts'
import type { Tail } from '../core/network/tail.ts'
import { runTail } from '../core/normalise/run-tail.ts'
import { deviationOf } from '../core/onnx/runtime-deviations.ts'
import { UserError } from '../core/errors.ts'
import { present } from '../core/must.ts'
import { openReference, runtimeVersion, type Reference } from '../ort/reference.ts'
import { refuseDifference, type UnexplainedDifference } from './first-difference.ts'
import { openGraph, referenceOptions, type NetworkFile, type NetworkRequest } from './open-network.ts'

/** The network as its owner's file has it, in the clear: what everything else is compared with. */
export interface Original extends OriginalReport {
  run(samples: readonly Float64Array[]): Promise<Float64Array[]>
  close(): Promise<void>
}

/** Who computes the original, for reports. */
export interface OriginalReport {
  /** And why, where that is not ONNX Runtime as it usually runs; for people. */
  readonly computedBy: string
  /** Where ONNX Runtime refuses the file, or is known to compute something else than the operators' text says. */
  readonly deviation?: RuntimeDeviationReport
}

const saturation = 'without VNNI its kernels for products of uint8 and int8 saturate at 16 bits'
const withoutOptimiser = `ONNX Runtime with its optimiser off: with it, and ${saturation}`

/** Of the samples, the first so many are given to both evaluators. */
export const COMPARED_SAMPLES = 4

interface OriginalOptions {
  /** With softmax and the like, as the file has it; never with what a tail does. */
  readonly finished?: boolean
}

/**
 * Opens the original, and compares ONNX Runtime with our own exact forward pass on the first of these samples. ONNX
 * Runtime computes it where the file is ONNX and ends in the scores; for quantised files with its optimiser off. Else, and
 * where ONNX Runtime refuses the file or is known to deviate, our own pass does, of quantised files on integers.
 * @throws UserError differs-from-onnxruntime with the first node whose results differ; samples-not-integers
 */
export async function openOriginal(
  request: NetworkRequest,
  network: NetworkFile,
  samples: readonly Float64Array[],
  { finished = false }: OriginalOptions = {},
): Promise<Original> {
  const { model, format } = network
  const form = model.quantised?.form
  const own = (report: OriginalReport): Original => evaluated(network, finished, report)
  if (format === 'tflite') return own({ computedBy: `${ownName(model)}: ONNX Runtime does not read TFLite` })
  if (form !== undefined && form !== 'qdq') {
    return own({ computedBy: `${ownName(model)}: in ONNX Runtime ${saturation}` })
  }
  const compared = samples.slice(0, COMPARED_SAMPLES)
  const verdict = await judge(request, network, compared)
  if (verdict.report) return own(verdict.report)
  const { reference, computedBy, deviation } = verdict
  if (model.tail || (!finished && model.finish !== 'none')) {
    await reference.close()
    const { tail, finish } = model
    const before = finish === 'none' && tail ? tail.nodes.map(({ operator }) => operator).join(', ') : finish
    const reason = `${ownName(model, 'float64')}, since scores before ${before || 'several outputs'} are compared`
    return own({ computedBy: reason, ...(deviation && { deviation }) })
  }
  return {
    computedBy,
    ...(deviation && { deviation }),
    run: (all) => reference.runBatch(all),
    close: () => reference.close(),
  }
}

/** Opens and closes it again: what there is to say before long work begins. @throws UserError as `openOriginal` */
export async function checkOriginal(
  request: NetworkRequest,
  network: NetworkFile,
  samples: readonly Float64Array[],
): Promise<OriginalReport> {
  const original = await openOriginal(request, network, samples)
  await original.close()
  const { computedBy, deviation } = original
  return { computedBy, ...(deviation && { deviation }) }
}

type Judgement =
  | { readonly report: OriginalReport; readonly reference?: undefined }
  | ({ readonly report?: undefined; readonly reference: Reference } & OriginalReport)

/** ONNX Runtime where it computes what we do; our own pass where it is known not to. */
async function judge(
  request: NetworkRequest,
  network: NetworkFile,
  samples: readonly Float64Array[],
): Promise<Judgement> {
  const { model } = network
  const isQdq = model.quantised?.form === 'qdq'
  const outputName = network.comparedOutput ?? request.outputName
  const options = { ...referenceOptions({ ...request, outputName }, model), traced: await tracedNames(request, model) }
  const deviates = async (refusal?: string): Promise<Judgement | undefined> => {
    const met = deviationOf(await openGraph(request), refusal)
    if (!met && refusal === undefined) return undefined
    const deviation = { version: runtimeVersion, ...met, ...(refusal !== undefined && { refusal }) }
    return { report: { computedBy: `${ownName(model)}: ${deviationSentence(deviation)}`, deviation } }
  }
  let refusal: string | undefined
  let differs: Comparison['differs']
  for (const literal of isQdq ? [true] : [false, true]) {
    const found = await compareWith({ ...options, literal }, network, request, samples)
    if (found.reference) {
      const computedBy = runtimeName(isQdq, literal, refusal)
      if (isQdq || !literal) return { reference: found.reference, computedBy }
      const deviation = { version: runtimeVersion, ...deviationOf(await openGraph(request), refusal) }
      return { reference: found.reference, computedBy: `${computedBy}${placeOf(deviation)}`, deviation }
    }
    refusal ??= found.refusal
    differs ??= found.differs
  }
  const known = await deviates(differs ? undefined : refusal)
  if (known) return known
  return await refuseDifference(request, network, present(differs))
}

/** The outputs of a tail, and the parts that it is made of where the file itself has them. */
async function tracedNames(request: NetworkRequest, { tail }: LayerModel): Promise<readonly string[]> {
  if (!tail) return []
  const { nodes } = await openGraph(request)
  const known = new Set(nodes.flatMap(({ operator, outputs }) => (operator === 'ZipMap' ? [] : outputs)))
  return [...new Set([...tail.outputs, ...tail.inputs.map(({ name }) => name)])].filter((name) => known.has(name))
}

function runtimeName(isQdq: boolean, literal: boolean, refusal: string | undefined): string {
  if (isQdq) return withoutOptimiser
  if (!literal) return 'ONNX Runtime'
  const otherwise = refusal === undefined ? 'computes something else' : 'refuses the network'
  return `ONNX Runtime ${runtimeVersion} with its optimiser off: with it, it ${otherwise}`
}

interface Comparison {
  readonly reference?: Reference
  readonly refusal?: string
  readonly differs?: UnexplainedDifference
}

/** Gives the samples to ONNX Runtime and to our own pass; the reference is open where they agree. */
async function compareWith(
  options: Parameters<typeof openReference>[1],
  { model, isHalf, onIntegers = model }: NetworkFile,
  { model: file }: NetworkRequest,
  samples: readonly Float64Array[],
): Promise<Comparison> {
  const opened = openReference(file, options)
  try {
    const reference = await opened
    if (reference.inputType.includes('int')) refuseFractions(samples, reference.inputType)
    const half = isHalf || reference.inputType === 'float16'
    const precision: Precision = model.quantised ? 'integers' : half ? 'half' : 'float'
    const scores = runLayerBatch(onIntegers, samples)
    const single = model.tail ? [] : await Promise.all(samples.map((sample) => reference.run(sample)))
    const differences = model.tail
      ? await tailDifferences(reference, model.tail, samples, scores, precision)
      : single.map((theirs, at) => {
          const ours = present(scores[at])
          return compareWithRuntime(model.finish, ours, applyFinish(model.finish, ours), theirs, precision)
        })
    const found = unexplained(onIntegers, differences)
    if (!found)
      return { reference: (await batchesAreAlike(reference, samples, single)) ? reference : oneByOne(reference) }
    await reference.close()
    return { differs: { sample: present(samples[found.sample]), ...found.difference } }
  } catch (error) {
    await opened.then((reference) => reference.close()).catch(() => {})
    if (!(error instanceof UserError) || error.code !== 'onnxruntime-refused') throw error
    return { refusal: error.message }
  }
}

/** Constants of the file may take the first sample of a batch for all: a Reshape to [1, …], or a scatter to row 0. */
async function batchesAreAlike(
  reference: Reference,
  samples: readonly Float64Array[],
  single: readonly Float64Array[],
): Promise<boolean> {
  const batched = await reference.runBatch(samples).catch(() => [])
  return single.every(
    (values, at) => largestDifference(values, batched[at] ?? []) <= 1e-3 * Math.max(1e-3, largestOf(values)),
  )
}

const oneByOne = (reference: Reference): Reference => ({
  ...reference,
  runBatch: (samples) => Promise.all(samples.map((sample) => reference.run(sample))),
})

/** Of each sample the largest, over all outputs of the file that are numbers and the parts that they are made of. */
async function tailDifferences(
  reference: Reference,
  tail: Tail,
  samples: readonly Float64Array[],
  scores: readonly Float64Array[],
  precision: Precision,
): Promise<RuntimeDifference[]> {
  const all = await Promise.all(samples.map((sample) => reference.trace(sample)))
  return all.map((theirs, at) => {
    const ours = runTail(tail, present(scores[at]))
    const each = [...theirs].flatMap(([name, values]) => {
      const own = ours.get(name)
      // A label may jump where two scores are nearly the same; what it is picked from is compared too.
      return own?.elementType === 'float' ? [compareWithRuntime('none', own.data, own.data, values, precision)] : []
    })
    return each.find(({ isSmall }) => !isSmall) ?? each[0] ?? { difference: 0, largest: 0, isSmall: true }
  })
}

/** ONNX Runtime cuts what is behind the point; the encrypted network would not. */
function refuseFractions(samples: readonly Float64Array[], type: string): void {
  const index = samples.findIndex((sample) => sample.some((value) => !Number.isInteger(value)))
  if (index < 0) return
  throw new UserError('samples-not-integers', `The network takes ${type}, and sample ${index} holds fractions.`, {
    hint: 'Leave out --scale, --mean and --std if the network does the preprocessing itself.',
  })
}

/** What ONNX Runtime does with the file, for people. */
function deviationSentence(deviation: RuntimeDeviationReport): string {
  const { version, operator, refusal } = deviation
  const does = refusal === undefined ? 'computes something else' : 'refuses the network'
  const said = operator === undefined && refusal !== undefined ? `: ${refusal.replace(/^.*?: /, '').slice(0, 300)}` : ''
  return `ONNX Runtime ${version} ${does}${placeOf(deviation)}${said}`
}

const placeOf = ({ operator, asked, node }: RuntimeDeviationReport): string =>
  operator === undefined ? '' : ` (${operator}: ${asked}${node === undefined ? '' : `, at “${node}”`})`

function evaluated({ model, onIntegers = model }: NetworkFile, finished: boolean, report: OriginalReport): Original {
  return {
    ...report,
    async run(samples) {
      const scores = runLayerBatch(onIntegers, samples)
      return finished && !model.tail ? scores.map((each) => applyFinish(model.finish, each)) : scores
    },
    close: async () => {},
  }
}

const ownName = ({ quantised }: LayerModel, form?: 'float64'): string =>
  quantised && form === undefined ? 'Sealwright on the integers of the file' : 'Sealwright in float64'
