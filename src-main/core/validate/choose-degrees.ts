import { approximate } from '../approximate/approximate.ts'
import type { ApproximationOptions } from '../approximate/approximate.ts'
import { isExact } from '../approximate/polynomial-model.ts'
import type { PolynomialModel } from '../approximate/polynomial-model.ts'
import type { LayerId, LayerModel } from '../normalise/layer-model.ts'
import { inputsOf, runLayerBatch } from '../normalise/run-layers.ts'
import { throwIfCancelled } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { attributeLayers } from './attribute-layers.ts'
import { labelOf, share } from './classification.ts'

export interface DegreeChoice {
  /** Share of held-out samples that must keep the original's label; 0.99 unless given. */
  readonly target?: number
  /** Most levels that the network may take (see `depthOf`). */
  readonly maximumDepth?: number
  /** Seconds that one encrypted inference would take. */
  readonly estimateSeconds?: (model: PolynomialModel) => number
  /** Samples to judge by; a fifth of the calibration samples, left out of the fits, unless given. */
  readonly judge?: readonly Float64Array[]
  /** Activations and maximum pools that stay what they are. */
  readonly exact?: ReadonlySet<LayerId>
  readonly approximation?: Omit<ApproximationOptions, 'degree' | 'degrees'>
}

export interface FrontierPoint {
  readonly degrees: ReadonlyMap<LayerId, 2 | 4>
  readonly depth: number
  readonly agreement: number
  readonly seconds?: number
}

export interface ChosenDegrees {
  readonly model: PolynomialModel
  readonly chosen: FrontierPoint
  /** Everything tried, by depth. */
  readonly frontier: readonly FrontierPoint[]
  readonly reachedTarget: boolean
}

/** Samples that say which layer to deepen. */
const ATTRIBUTION_SAMPLES = 100
/** Combinations tried at most, beside degree 2 everywhere. */
const MOST_STEPS = 4

/**
 * Finds the shallowest network that keeps the original's labels often enough: degree 2 everywhere, then degree 4 where
 * the error comes from, in a few steps. Without a choice that meets the target within the depth, the best one found.
 */
export async function chooseDegrees(
  model: LayerModel,
  calibration: readonly Float64Array[],
  choice: DegreeChoice,
  work: WorkContext,
): Promise<ChosenDegrees> {
  const { target = 0.99, maximumDepth = Infinity } = choice
  const judge = choice.judge ?? calibration.filter((_, i) => i % 5 === 4)
  const fitted = choice.judge || judge.length === 0 ? calibration : calibration.filter((_, i) => i % 5 !== 4)
  const samples = judge.length > 0 ? judge : calibration
  const labels = runLayerBatch(model, samples).map(labelOf)
  const tried: { point: FrontierPoint; model: PolynomialModel }[] = []
  const attempt = async (deepened: ReadonlySet<LayerId>) => {
    throwIfCancelled(work)
    const degrees = new Map<LayerId, 2 | 4>([...deepened].map((id) => [id, 4]))
    const kept = new Map<LayerId, 2 | 4 | 'exact'>(degrees)
    choice.exact?.forEach((id) => kept.set(id, 'exact'))
    const polynomial = await approximate(model, fitted, { ...choice.approximation, degree: 2, degrees: kept }, work)
    const outputs = runLayerBatch(polynomial, samples)
    const seconds = choice.estimateSeconds?.(polynomial)
    const point = {
      degrees,
      depth: depthOf(polynomial),
      agreement: share(outputs, (output, i) => labelOf(output) === labels[i]),
      ...(seconds !== undefined && { seconds }),
    }
    tried.push({ point, model: polynomial })
    return tried.at(-1)!
  }
  const meets = ({ point }: (typeof tried)[number]) => point.agreement >= target && point.depth <= maximumDepth

  const shallow = await attempt(new Set())
  if (!meets(shallow) && shallow.point.depth < maximumDepth) {
    const attribution = await attributeLayers(model, shallow.model, samples.slice(0, ATTRIBUTION_SAMPLES), work)
    const order = attribution.toSorted((left, right) => right.errorAdded - left.errorAdded).map(({ name }) => name)
    const steps = Math.min(MOST_STEPS, order.length)
    for (let step = 1; step <= steps; step++) {
      const found = await attempt(new Set(order.slice(0, Math.ceil((step * order.length) / steps))))
      if (meets(found) || found.point.depth > maximumDepth) break
    }
  }
  const allowed = tried.filter(({ point }) => point.depth <= maximumDepth)
  const pool = allowed.length > 0 ? allowed : [shallow]
  const best = pool.find(meets) ?? pool.reduce((a, b) => (b.point.agreement > a.point.agreement ? b : a))
  return {
    model: best.model,
    chosen: best.point,
    frontier: tried.map(({ point }) => point).sort((left, right) => left.depth - right.depth),
    reachedTarget: meets(best),
  }
}

/**
 * Levels of the longest path without an exact layer: one per run of linear layers (they merge), one per squaring; a quartic squares twice.
 */
export function depthOf(model: PolynomialModel): number {
  const depths = new Map<LayerId, { levels: number; linear: boolean }>()
  for (const layer of model.layers) {
    const before = inputsOf(layer).map((id) => depths.get(id) ?? { levels: 0, linear: false })
    if (layer.kind === 'linear') {
      const levels = Math.max(...before.map((input) => input.levels + (input.linear ? 0 : 1)))
      depths.set(layer.id, { levels, linear: true })
    } else if (isExact(layer)) {
      // The owner refreshes here: the levels start anew.
      depths.set(layer.id, { levels: 0, linear: false })
    } else {
      const degree = layer.coefficients[0].length - 1
      const squarings = degree > 2 ? 2 : degree === 2 ? 1 : 0
      depths.set(layer.id, { levels: before[0].levels + squarings, linear: squarings === 0 && before[0].linear })
    }
  }
  return Math.max(0, ...[...depths.values()].map(({ levels }) => levels))
}
