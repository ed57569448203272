import type { DroppedClamp } from '../core/network/layer-model.ts'
import type { FitReport, PolynomialModel } from '../core/network/polynomial-model.ts'
import { freeBatch } from '../core/normalise/free-batch.ts'
import { writeOnnx } from '../core/onnx/write-onnx.ts'
import type { WorkContext } from '../core/progress.ts'
import { WHOLE } from '../core/segment/cut.ts'
import { type FrontierPoint } from '../core/compile/choose-degrees.ts'
import type { FittingReport } from '../core/network/polynomial-model.ts'
import { depthOf } from '../core/network/depth.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { approximateAndKeep } from './approximate-and-keep.ts'
import { calibrate } from './calibration.ts'
import { calibrationLabels } from './calibration-labels.ts'
import { type CompileRequest } from './compile.ts'
import { exactLayersFor } from '../core/compile/compile.ts'
import { openNetworkFile } from './open-network.ts'
import { checkOriginal, type OriginalReport } from './original.ts'
import { Stopwatch } from '../core/stopwatch.ts'

export interface ApproximateRequest extends Omit<CompileRequest, 'input' | 'batch' | 'msPerMegabyte'> {
  /** Where the approximated network goes, as ONNX. */
  readonly out: string
  readonly force: boolean
}

export interface ApproximateResult {
  readonly out: string
  /** Levels of the encrypted network. */
  readonly depth: number
  readonly layers: readonly (FitReport & { readonly name: string; readonly channels: number })[]
  /** Who computes the original, which was compared on the first samples. */
  readonly original: OriginalReport
  /** Clamps of a quantised network that change nothing on the samples and are left out. */
  readonly droppedClamps: readonly DroppedClamp[]
  /** How the whole network was fitted. */
  readonly fitting?: FittingReport
  /** What was tried, by depth, where the degrees were chosen; degrees are those of layers that are not 2. */
  readonly frontier?: readonly Frontier[]
  readonly seconds: number
}

export interface Frontier extends Omit<FrontierPoint, 'degrees'> {
  readonly degrees: Readonly<Record<string, number>>
}

/** Replaces the activations and writes the network back as ONNX. @throws UserError as `compile`, output-exists, … */
export async function approximate(request: ApproximateRequest, work: WorkContext): Promise<ApproximateResult> {
  await checkOutput(request.out, request)
  const watch = new Stopwatch(work)
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  const calibrated = await watch.time('calibrate', () => calibrate(opened.model, request, work))
  const { model, samples, droppedClamps } = calibrated
  const trueClasses = await calibrationLabels(request, opened, calibrated)
  const original = await watch.time('original', () => checkOriginal(request, opened, samples))
  const exact = exactLayersFor(model, request.split ?? WHOLE, request)
  const { polynomial, frontier } = await watch.time('approximate', () =>
    approximateAndKeep(model, samples, { ...request, exact, trueClasses }, work),
  )
  const written = writeWhole(polynomial, request.classNames ?? opened.classNames)
  await writeAtomically(request.out, request, (file) => file.writeFile(written))
  const layers = polynomial.layers.flatMap((layer) =>
    layer.kind === 'polynomial' ? [{ name: layer.id, channels: layer.shape[0], ...layer.fit }] : [],
  )
  return {
    out: request.out,
    depth: depthOf(polynomial),
    layers,
    original,
    droppedClamps,
    ...(polynomial.fitting && { fitting: polynomial.fitting }),
    ...(frontier && { frontier: frontier.map(frontierJson) }),
    seconds: watch.seconds,
  }
}

/** With what the owner does after decryption, for any number of samples where that can be. */
function writeWhole(model: PolynomialModel, classNames: readonly string[] | undefined): Uint8Array {
  if (!model.tail) return writeOnnx(model, classNames)
  const tail = freeBatch(model.tail)
  return tail ? writeOnnx({ ...model, tail }, classNames) : writeOnnx(model, classNames, 1)
}

/** JSON knows no NaN: seconds that are not known are left out. */
const frontierJson = ({ degrees, seconds, ...point }: FrontierPoint): Frontier => ({
  ...point,
  ...(seconds !== undefined && !Number.isNaN(seconds) && { seconds }),
  degrees: Object.fromEntries(degrees),
})
