import { approximate, fitNetwork, tuneNetwork } from '../approximate/approximate.ts'
import type { FittedNetwork } from '../approximate/approximate.ts'
import { fittableSamples } from '../approximate/cap-samples.ts'
import type { ApproximationOptions } from '../approximate/options.ts'
import type { Degree, PolynomialModel } from '../network/polynomial-model.ts'
import { tellsQuantities } from '../network/quantities.ts'
import { depthOf } from '../network/depth.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import { evenly } from '../numeric/evenly.ts'
import { isHeldOut } from '../numeric/held-out.ts'
import { throwIfCancelled } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { attributeLayers } from '../validate/attribute-layers.ts'
import { expectedAgreement, relativeChange } from '../network/classification.ts'
import { present } from '../must.ts'

export interface DegreeChoice {
  /** Share of samples that must keep the original's label, by `expectedAgreement` on held-out ones; 0.99 unless given. */
  readonly target?: number
  /** Most levels that the network may take (see `depthOf`). */
  readonly maximumDepth?: number
  /** Most seconds by `estimateSeconds`; no limit where those are not known. */
  readonly maximumSeconds?: number
  /** Seconds that one encrypted inference would take; NaN where that is not known. */
  readonly estimateSeconds?: (model: PolynomialModel) => number
  /** Tries all combinations, to show what each costs. */
  readonly everything?: boolean
  /** Samples to judge by; a fifth of the calibration samples, left out of the fits, unless given. */
  readonly judge?: readonly Float64Array[]
  /** Activations and maximum pools that stay what they are. */
  readonly exact?: ReadonlySet<LayerId>
  readonly approximation?: Omit<ApproximationOptions, 'degree' | 'degrees' | 'splitPools'>
}

export interface FrontierPoint {
  /** Of layers that are not 2. */
  readonly degrees: ReadonlyMap<LayerId, Degree>
  /** Whether max-pools are taken apart into maxima of rows and columns. */
  readonly splitPools?: boolean
  readonly depth: number
  /** Share of the labels, expected from samples that took no part in the fit; of quantities 1 less the relative error. */
  readonly agreement: number
  readonly seconds?: number
}

export interface ChosenDegrees {
  /** The choice, fitted to all samples. */
  fit(): Promise<PolynomialModel>
  readonly chosen: FrontierPoint
  /** Everything tried, by depth. */
  readonly frontier: readonly FrontierPoint[]
  readonly reachedTarget: boolean
}

type Choice = Pick<FrontierPoint, 'degrees' | 'splitPools'>

/** Samples that say which layer to deepen. */
const ATTRIBUTION_SAMPLES = 100
/** Combinations for each degree. */
const MOST_STEPS = 4
/** Of tuning while combinations are compared. */
const TRIAL_EPOCHS = 8

/**
 * Finds the shallowest network that keeps the original's labels often enough: degree 2 everywhere, with max-pools taken
 * whole and apart, or degree 4 where the error comes from, in a few steps, or 8. Without a choice that meets the
 * target within the limits, the best one found.
 */
export async function chooseDegrees(
  model: LayerModel,
  calibration: readonly Float64Array[],
  choice: DegreeChoice,
  work: WorkContext,
): Promise<ChosenDegrees> {
  const { target = 0.99, maximumDepth = Infinity, maximumSeconds = Infinity, everything = false } = choice
  const compared = evenly(calibration, fittableSamples(model))
  const judge = choice.judge ?? compared.filter((_, i) => isHeldOut(i))
  const fitted = choice.judge || judge.length === 0 ? compared : compared.filter((_, i) => !isHeldOut(i))
  const samples = judge.length > 0 ? judge : compared
  const originals = runLayerBatch(model, samples)
  const areQuantities = tellsQuantities(model)
  const keptOf = (outputs: readonly Float64Array[]): number =>
    areQuantities ? Math.max(0, 1 - relativeChange(originals, outputs)) : expectedAgreement(originals, outputs)
  const tried: FrontierPoint[] = []
  const wanted = choice.approximation?.tuningEpochs
  const trial = typeof wanted === 'number' && wanted < TRIAL_EPOCHS ? wanted : { atMost: TRIAL_EPOCHS }

  const optionsOf = ({ degrees, splitPools }: Choice): ApproximationOptions => {
    throwIfCancelled(work)
    const each = new Map<LayerId, Degree | 'exact'>(degrees)
    choice.exact?.forEach((id) => each.set(id, 'exact'))
    return { ...choice.approximation, degree: 2, degrees: each, splitPools }
  }
  const fit = (chosen: Choice) => fitNetwork(model, fitted, optionsOf(chosen), work)
  const attempt = async (chosen: Choice, untuned?: FittedNetwork): Promise<FrontierPoint> => {
    const options = { ...choice.approximation, tuningEpochs: trial }
    const polynomial = await tuneNetwork(model, untuned ?? (await fit(chosen)), options, work)
    const seconds = choice.estimateSeconds?.(polynomial)
    const point = {
      ...chosen,
      depth: depthOf(polynomial),
      agreement: keptOf(runLayerBatch(polynomial, samples)),
      ...(seconds !== undefined && { seconds }),
    }
    tried.push(point)
    return point
  }
  const allowed = ({ depth, seconds }: FrontierPoint) => depth <= maximumDepth && (seconds ?? 0) <= maximumSeconds
  const meets = (point: FrontierPoint) => point.agreement >= target && allowed(point)

  /** Each step keeps more labels than the one before, as a rule, and costs more levels: the first that meets is sought. */
  const search = async (steps: readonly Choice[]) => {
    let [first, last] = [0, steps.length - 1]
    while (first <= last) {
      const middle = Math.floor((first + last) / 2)
      const found = await attempt(present(steps[middle]))
      if (meets(found) || !allowed(found)) last = middle - 1
      else first = middle + 1
    }
  }

  const least: Choice = { degrees: new Map() }
  const untuned = await fit(least)
  const shallow = await attempt(least, untuned)
  if (everything || (!meets(shallow) && allowed(shallow))) {
    const attribution = await attributeLayers(model, untuned.model, samples.slice(0, ATTRIBUTION_SAMPLES), work)
    const order = attribution.toSorted((left, right) => right.errorAdded - left.errorAdded).map(({ name }) => name)
    const steps = deeper(order)
    const pools = model.layers.some(({ kind }) => kind === 'max-pool')
    const apart = pools ? await attempt({ degrees: new Map(), splitPools: true }) : undefined
    if (everything) for (const step of steps) await attempt(step)
    else if (!apart || !meets(apart)) await search(steps)
  }
  const within = tried.filter(allowed)
  const chosen =
    within.filter(meets).sort((left, right) => left.depth - right.depth)[0] ??
    (within.length > 0 ? within : [shallow]).reduce((a, b) => (b.agreement > a.agreement ? b : a))
  return {
    fit: () => approximate(model, calibration, optionsOf(chosen), work),
    chosen,
    frontier: tried.sort((left, right) => left.depth - right.depth),
    reachedTarget: meets(chosen),
  }
}

/** Each deeper than the one before: first degree 4, then 8, from the layers that lose most. */
function deeper(order: readonly LayerId[]): Choice[] {
  const steps = Math.min(MOST_STEPS, order.length)
  const worst = (step: number) => order.slice(0, Math.ceil((step * order.length) / steps))
  const deepened = (degree: Degree, rest: ReadonlyMap<LayerId, Degree>) =>
    Array.from({ length: steps }, (_, i) => new Map([...rest, ...worst(i + 1).map((id) => [id, degree] as const)]))
  const fourth = deepened(4, new Map())
  return [...fourth, ...deepened(8, new Map(fourth.at(-1)))].map((degrees) => ({ degrees }))
}
