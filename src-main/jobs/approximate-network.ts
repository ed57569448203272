import { approximate } from '../core/approximate/approximate.ts'
import type { PolynomialModel } from '../core/approximate/polynomial-model.ts'
import type { LayerId, LayerModel } from '../core/normalise/layer-model.ts'
import type { WorkContext } from '../core/progress.ts'
import { chooseDegrees, type FrontierPoint } from '../core/validate/choose-degrees.ts'

export interface ApproximateChoice {
  readonly degree: 2 | 4
  /** Of single activations, where they differ from `degree`. */
  readonly degrees?: Readonly<Record<LayerId, 2 | 4>>
  /** Choose degrees layer by layer until this share of labels is kept, in place of `degree`. */
  readonly target?: number
  /** Activations and maximum pools that stay what they are. */
  readonly exact?: ReadonlySet<LayerId>
}

export interface Approximation {
  readonly polynomial: PolynomialModel
  readonly frontier?: readonly FrontierPoint[]
}

/** Polynomials of one degree, or with a target of the degrees that meet it. */
export async function approximateNetwork(
  model: LayerModel,
  samples: readonly Float64Array[],
  { degree, degrees = {}, target, exact = new Set() }: ApproximateChoice,
  work: WorkContext,
): Promise<Approximation> {
  if (target === undefined) {
    const each = new Map<LayerId, 2 | 4 | 'exact'>(Object.entries(degrees))
    exact.forEach((id) => each.set(id, 'exact'))
    const options = { degree, degrees: each }
    return { polynomial: await approximate(model, samples, options, work) }
  }
  const {
    model: polynomial,
    frontier,
    chosen,
    reachedTarget,
  } = await chooseDegrees(model, samples, { target, exact }, work)
  if (!reachedTarget) {
    const agreement = `${(100 * chosen.agreement).toFixed(1)} %`
    const message = `The network keeps ${agreement} of the labels, less than asked for; no choice of degrees does better.`
    work.progress({ kind: 'warning', stage: 'approximate', message })
  }
  return { polynomial, frontier }
}
