import type { Degree, PolynomialModel } from '../core/network/polynomial-model.ts'
import { foldBetweenRefreshes } from '../core/approximate/fold-into-squares.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import type { LayerId, LayerModel } from '../core/network/layer-model.ts'
import { refreshedSkeletonOf } from '../core/planner/skeleton.ts'
import { isPlannable } from '../core/planner/parameters.ts'
import type { WorkContext } from '../core/progress.ts'
import { exactLayersOf } from '../core/segment/choose-exact.ts'
import { WHOLE, type Split } from '../core/segment/cut.ts'
import { checkCuts, planSegments, type PlannedSegments } from '../core/segment/plan-segments.ts'
import { approximateNetwork, type ApproximateChoice } from './approximate-network.ts'
import { prepareSamples, type PreprocessingChoice } from './calibration.ts'
import type { Flooding } from '../owner/flood.ts'
import { openNetwork, type NetworkRequest } from './open-network.ts'
import { planForScores } from './plan-for-scores.ts'
import type { Stopwatch } from './stopwatch.ts'

export interface CompileRequest extends NetworkRequest, ApproximateChoice {
  /** Unlabelled samples: .npy, .npz (array `x`), a picture or a folder of them. */
  readonly calibration: string
  readonly preprocessing: PreprocessingChoice
  readonly input: 'encrypted' | 'plain'
  /** Images that the edge computes at once, a power of two; one unless told. */
  readonly batch?: number
  /** What a megabyte of bundle is worth in milliseconds of run time. */
  readonly msPerMegabyte?: number
  /** Scores that will be released, at most: the plan is made precise enough for them. */
  readonly releases?: number
  /** Where and how the network is cut into segments. Nowhere unless told: one that is too deep is then refused. */
  readonly split?: Split
}

/** A network after every stage that needs no key. */
export interface CompiledNetwork extends PlannedSegments {
  readonly model: LayerModel
  readonly polynomial: PolynomialModel
  readonly preprocessing: Preprocessing
  /** A typical input, preprocessed. */
  readonly typical: Float64Array
  /** How scores are flooded, where the plan was made for them. */
  readonly flooding?: Flooding
}

/** Read, normalise, approximate and plan. @throws UserError what the stages say */
export async function compile(request: CompileRequest, work: WorkContext, watch: Stopwatch): Promise<CompiledNetwork> {
  const model = await watch.time('normalise', () => openNetwork(request))
  const { samples, preprocessing } = await watch.time('calibrate', () =>
    prepareSamples(request.calibration, model.input.shape, request.preprocessing, work),
  )
  const { split = WHOLE, input, batch, msPerMegabyte } = request
  const exact = exactLayersFor(model, split, request)
  const { polynomial } = await watch.time('approximate', () =>
    approximateNetwork(
      model,
      samples,
      { ...request, maximumDepth: request.maximumDepth ?? deepestOf(split), exact },
      work,
    ),
  )
  const planned = await watch.time('plan', () => {
    const squares = foldBetweenRefreshes(polynomial, samples)
    const plan = (leastDegree?: number) => planSegments(squares, split, { input, batch, msPerMegabyte, leastDegree })
    return request.releases === undefined ? plan() : planForScores(plan, request.releases, samples[0])
  })
  return { model, polynomial, ...planned, preprocessing, typical: samples[0] }
}

/** Without cuts, no choice of degrees may need more levels than one segment holds. */
function deepestOf(split: Split): number | undefined {
  if (split.by !== 'cuts' || split.cuts.length > 0) return undefined
  let levels = 1
  while (isPlannable(levels + 1)) levels += 1
  return levels
}

/** Activations and maximum pools that a split leaves exact; refuses cuts that cannot be before the long work begins. */
export function exactLayersFor(model: LayerModel, split: Split, choice: ApproximateChoice): ReadonlySet<LayerId> {
  const degree = deepest(choice)
  const { splitPools } = choice
  const exact = exactLayersOf(model, split, degree, splitPools)
  checkCuts(refreshedSkeletonOf(model, { degree, exact, splitPools }), split)
  return exact
}

/** The largest degree that an activation may get. */
export const deepest = ({ degree, degrees = {}, target }: ApproximateChoice): Degree =>
  Math.max(target === undefined ? degree : 8, ...Object.values(degrees)) as Degree
