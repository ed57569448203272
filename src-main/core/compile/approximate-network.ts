import { approximate } from '../approximate/approximate.ts'
import type { Degree, PolynomialModel } from '../network/polynomial-model.ts'
import { foldIntoSquares } from '../approximate/fold-into-squares.ts'
import { estimatePlan } from '../plan/estimate.ts'
import { UserError } from '../errors.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import { kernelCosts } from '../plan/cost-model.ts'
import { compactWeights } from '../planner/compact.ts'
import type { Labels } from '../tune/true-classes.ts'
import { tellsQuantities } from '../network/quantities.ts'
import { planNetwork } from '../planner/plan-network.ts'
import type { WorkContext } from '../progress.ts'
import { chooseDegrees, type FrontierPoint } from './choose-degrees.ts'

export interface ApproximateChoice {
  readonly degree: Degree
  /** Of single activations, where they differ from `degree`. */
  readonly degrees?: Readonly<Record<LayerId, Degree>>
  /** Take max-pools apart into maxima of rows and columns: closer, and deeper. */
  readonly splitPools?: boolean
  /** Epochs of tuning all weights together; the usual ones, fewer for large networks, unless told. */
  readonly tuningEpochs?: number
  /** Choose degrees layer by layer until this share of labels is kept, in place of `degree`. */
  readonly target?: number
  /** What those degrees may cost at most: levels, and seconds of one encrypted input on two threads. */
  readonly maximumDepth?: number
  readonly maximumSeconds?: number
  /** Activations and maximum pools that stay what they are. */
  readonly exact?: ReadonlySet<LayerId>
  /** True classes of the samples: tuning puts right what the original gets wrong of them. */
  readonly trueClasses?: Labels
}

export interface Approximation {
  readonly polynomial: PolynomialModel
  readonly frontier?: readonly FrontierPoint[]
}

/** Polynomials of one degree, or with a target of the degrees that meet it. @throws UserError as the fits and planning */
export async function approximateNetwork(
  model: LayerModel,
  samples: readonly Float64Array[],
  choice: ApproximateChoice,
  work: WorkContext,
): Promise<Approximation> {
  const { degree, degrees = {}, splitPools, tuningEpochs, trueClasses: labels, exact = new Set() } = choice
  const { target, maximumDepth, maximumSeconds } = choice
  if (target === undefined) {
    const each = new Map<LayerId, Degree | 'exact'>(Object.entries(degrees))
    exact.forEach((id) => each.set(id, 'exact'))
    const options = { degree, degrees: each, splitPools, tuningEpochs, labels }
    return { polynomial: await approximate(model, samples, options, work) }
  }
  const estimateSeconds = secondsEstimator(samples)
  const approximation = { tuningEpochs, labels }
  const limits = { target, maximumDepth, maximumSeconds, exact, estimateSeconds, approximation }
  const found = await chooseDegrees(model, samples, limits, work)
  if (!found.reachedTarget) {
    const [agreement, error] = [found.chosen.agreement, 1 - found.chosen.agreement].map(
      (part) => `${(100 * part).toFixed(1)} %`,
    )
    const kept = tellsQuantities(model)
      ? `The outputs change by ${error}, more than asked for.`
      : `The network keeps ${agreement} of the labels, fewer than asked for.`
    const message = `${kept} No choice of degrees that was tried within the limits does better.`
    work.progress({ kind: 'warning', stage: 'approximate', message })
  }
  return { polynomial: await found.fit(), frontier: found.frontier }
}

/** Enough for the scales of squarings. */
const FOLDING_SAMPLES = 32
/** Plans are compared, not run: a narrow search does. */
const SEARCH_WIDTH = 8

/** Seconds of one encrypted input at the edge, on two threads; NaN where the network has to be split. */
export function secondsEstimator(samples: readonly Float64Array[]) {
  return (polynomial: PolynomialModel): number => {
    try {
      const squares = foldIntoSquares(polynomial, samples.slice(0, FOLDING_SAMPLES))
      const { plan } = compactWeights(planNetwork(squares, { searchWidth: SEARCH_WIDTH }))
      return estimatePlan(plan, kernelCosts).secondsOnTwoThreads
    } catch (error) {
      if (error instanceof UserError) return NaN
      throw error
    }
  }
}
