import { approximate } from '../core/approximate/approximate.ts'
import type { Degree, PolynomialModel } from '../core/network/polynomial-model.ts'
import { foldIntoSquares } from '../core/approximate/fold-into-squares.ts'
import { estimatePlan } from '../core/plan/estimate.ts'
import { UserError } from '../core/errors.ts'
import type { LayerId, LayerModel } from '../core/network/layer-model.ts'
import { kernelCosts } from '../core/plan/cost-model.ts'
import { planNetwork } from '../core/planner/plan-network.ts'
import type { WorkContext } from '../core/progress.ts'
import { chooseDegrees, type FrontierPoint } from '../core/validate/choose-degrees.ts'
import { keptFit } from './kept-fits.ts'

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
  /** A folder of the owner's alone, where fits are kept for whoever asks for the same again. */
  readonly fits?: string
}

export interface Approximation {
  readonly polynomial: PolynomialModel
  readonly frontier?: readonly FrontierPoint[]
}

/** Polynomials of one degree, or with a target of the degrees that meet it. */
export async function approximateNetwork(
  model: LayerModel,
  samples: readonly Float64Array[],
  choice: ApproximateChoice,
  work: WorkContext,
): Promise<Approximation> {
  const {
    fits,
    degree,
    degrees = {},
    splitPools = false,
    tuningEpochs,
    target,
    maximumDepth,
    maximumSeconds,
    exact = new Set(),
  } = choice
  if (fits === undefined) return await fit(model, samples, choice, work)
  const limits = target === undefined ? {} : { target, maximumDepth, maximumSeconds }
  const exactIds = [...exact].sort()
  const choices = { degree, degrees: Object.entries(degrees).sort(), splitPools, tuningEpochs, exact: exactIds, limits }
  return await keptFit(fits, { model, samples, choices }, (listening) => fit(model, samples, choice, listening), work)
}

async function fit(
  model: LayerModel,
  samples: readonly Float64Array[],
  choice: ApproximateChoice,
  work: WorkContext,
): Promise<Approximation> {
  const { degree, degrees = {}, splitPools, tuningEpochs, exact = new Set() } = choice
  const { target, maximumDepth, maximumSeconds } = choice
  if (target === undefined) {
    const each = new Map<LayerId, Degree | 'exact'>(Object.entries(degrees))
    exact.forEach((id) => each.set(id, 'exact'))
    const options = { degree, degrees: each, splitPools, tuningEpochs }
    return { polynomial: await approximate(model, samples, options, work) }
  }
  const estimateSeconds = secondsEstimator(samples)
  const approximation = { tuningEpochs }
  const limits = { target, maximumDepth, maximumSeconds, exact, estimateSeconds, approximation }
  const found = await chooseDegrees(model, samples, limits, work)
  if (!found.reachedTarget) {
    const agreement = `${(100 * found.chosen.agreement).toFixed(1)} %`
    const message = `The network keeps ${agreement} of the labels, less than asked for; no choice of degrees tried within the limits does better.`
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
      const { plan } = planNetwork(squares, { searchWidth: SEARCH_WIDTH })
      return estimatePlan(plan, kernelCosts).secondsOnTwoThreads
    } catch (error) {
      if (error instanceof UserError) return NaN
      throw error
    }
  }
}
