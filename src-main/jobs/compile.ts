import { foldIntoSquares } from '../core/approximate/fold-into-squares.ts'
import type { PolynomialModel, SquareModel } from '../core/approximate/polynomial-model.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import type { LayerModel } from '../core/normalise/layer-model.ts'
import type { PlannedNetwork } from '../core/plan/plan.ts'
import { planNetwork } from '../core/planner/plan-network.ts'
import { cutNetwork } from '../core/segment/cut-network.ts'
import { segmentByDepth } from '../core/segment/propose-cuts.ts'
import type { WorkContext } from '../core/progress.ts'
import { approximateNetwork, type ApproximateChoice } from './approximate-network.ts'
import { prepareSamples, type PreprocessingChoice } from './calibration.ts'
import { openNetwork, type NetworkRequest } from './open-network.ts'
import type { Stopwatch } from './stopwatch.ts'

export interface CompileRequest extends NetworkRequest, ApproximateChoice {
  /** Unlabelled samples: .npy, .npz (array `x`), a picture or a folder of them. */
  readonly calibration: string
  readonly preprocessing: PreprocessingChoice
  readonly input: 'encrypted' | 'plain'
  /** Images that the edge computes at once, a power of two; one unless told. */
  readonly batch?: number
  /**
   * Where the owner refreshes the ciphertexts: after these layers, or as seldom as 16384 slots' worth of levels
   * allow. Nowhere unless told; a network that is too deep for one segment is then refused.
   */
  readonly split?: 'auto' | readonly string[]
}

/** A network after every stage that needs no key. */
export interface CompiledNetwork {
  readonly model: LayerModel
  readonly polynomial: PolynomialModel
  /** At least one. */
  readonly segments: readonly PlannedNetwork[]
  readonly preprocessing: Preprocessing
  /** A typical input, preprocessed. */
  readonly typical: Float64Array
}

/** Read, normalise, approximate and plan. @throws UserError what the stages say */
export async function compile(request: CompileRequest, work: WorkContext, watch: Stopwatch): Promise<CompiledNetwork> {
  const model = await watch.time('normalise', () => openNetwork(request))
  const { samples, preprocessing } = await watch.time('calibrate', () =>
    prepareSamples(request.calibration, model.input.shape, request.preprocessing, work),
  )
  const { polynomial } = await watch.time('approximate', () => approximateNetwork(model, samples, request, work))
  const segments = await watch.time('plan', () => planSegments(foldIntoSquares(polynomial, samples), request))
  return { model, polynomial, segments, preprocessing, typical: samples[0] }
}

/** Levels that the chain of N = 16384 holds beside a result of 8 bits above the scale. */
const segmentLevels = 11

/** Only the first segment's input is the edge's own; the owner encrypts the others'. */
export function planSegments(
  model: SquareModel,
  { split, input, batch }: Pick<CompileRequest, 'split' | 'input' | 'batch'>,
): PlannedNetwork[] {
  const segmented = split === 'auto' ? segmentByDepth(model, segmentLevels) : cutNetwork(model, split ?? [])
  return segmented.segments.map((segment, i) => planNetwork(segment, { input: i === 0 ? input : 'encrypted', batch }))
}
