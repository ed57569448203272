import { present } from '../must.ts'
import { median } from '../numeric/median.ts'
import type { InputBasis } from './input-basis.ts'
import type { Parameters } from './linear-step.ts'

const [FIRST, SECOND, LEAST] = [0.9, 0.99, 1e-12]
/** Sightings per weight from which steps have their full size. */
const ENOUGH_EVIDENCE = 25
/** Gradients longer than this many typical ones are shortened. */
const MOST_OVER_TYPICAL = 3
/** Gradients that say what is typical: so many at least before the first step, the last so many from then on. */
const [LEAST_SEEN, REMEMBERED] = [8, 100]

/**
 * Adam (Kingma, Ba 2015) with steps in units of each parameter set's own size, or of what a bias is added to, since weights around polynomials differ
 * by orders of magnitude; smaller ones where the samples say little of each weight, as in wide dense layers. Weights that are 0 stay 0: a map keeps its sparsity.
 */
export class Adam {
  readonly #sets: readonly (Parameters & { readonly [K in 'mean' | 'square' | 'start' | 'change']: Float32Array } & {
    readonly sizes: Float32Array
  })[]
  #taken = 0
  /** Of the gradients last seen. */
  readonly #norms: number[] = []
  #seen = 0

  /** `unitsOf` gives what a bias is measured by, value for value, where that is known. */
  constructor(
    parameters: readonly Parameters[],
    samples: number,
    unitsOf: (set: Parameters) => Float32Array | undefined = () => undefined,
  ) {
    this.#sets = parameters.map((set) => ({
      ...set,
      mean: new Float32Array(set.values.length),
      square: new Float32Array(set.values.length),
      start: Float32Array.from(set.values),
      change: new Float32Array(set.values.length),
      sizes: (unitsOf(set) ?? new Float32Array(set.values.length).fill(rootMeanSquare(set.values))).map(
        (unit) => unit * Math.min(1, Math.sqrt((set.evidence * samples) / ENOUGH_EVIDENCE)),
      ),
    }))
  }

  /** One step of relative size `rate`; none where the gradient is not finite, and none for the first few, which show what is typical. */
  step(rate: number): void {
    const scale = this.#clip()
    if (scale === 0) return
    this.#taken += 1
    const [debias, debiasSquare] = [1 - FIRST ** this.#taken, 1 - SECOND ** this.#taken]
    for (const { values, gradient, lanes, mean, square, start, sizes, of, bases, change } of this.#sets) {
      const isFixed = (i: number) => of === 'weights' && start[i] === 0
      for (let i = 0; i < values.length; i++) {
        let slope = 0
        for (let lane = 0; lane < lanes; lane++) slope += scale * gradient[i * lanes + lane]
        change[i] = isFixed(i) ? 0 : slope
      }
      eachBasis(bases, change, (basis, first, end) => basis.enter(change, first, end))
      for (let i = 0; i < values.length; i++) {
        mean[i] += (1 - FIRST) * (change[i] - mean[i])
        square[i] += (1 - SECOND) * (change[i] * change[i] - square[i])
        const direction = mean[i] / debias / (Math.sqrt(square[i] / debiasSquare) + LEAST)
        change[i] = rate * sizes[i] * direction
      }
      eachBasis(bases, change, (basis, first, end) => basis.leave(change, first, end))
      for (let i = 0; i < values.length; i++) if (!isFixed(i)) values[i] -= change[i]
    }
  }

  /**
   * What to scale the gradient by: one outlier that a polynomial throws far off must not drown all others, nor stay in the mean
   * squares for hundreds of steps. The typical norm is the median of the last ones, since an outlier's may be 1e30.
   */
  #clip(): number {
    const norm = normOf(this.#sets)
    if (!Number.isFinite(norm) || norm === 0) return 0
    this.#norms[this.#seen % REMEMBERED] = norm
    this.#seen += 1
    if (this.#seen < LEAST_SEEN) return 0
    return Math.min(1, (MOST_OVER_TYPICAL * present(median(this.#norms))) / norm)
  }
}

/** The bases of equal parts of the values. */
function eachBasis(
  bases: readonly InputBasis[] | undefined,
  { length }: Float32Array,
  visit: (basis: InputBasis, first: number, end: number) => void,
): void {
  bases?.forEach((basis, g) => visit(basis, (g * length) / bases.length, ((g + 1) * length) / bases.length))
}

function normOf(sets: readonly Parameters[]): number {
  let sum = 0
  for (const { gradient } of sets) for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i]
  return Math.sqrt(sum)
}

function rootMeanSquare(values: Float32Array): number {
  const used = values.filter((value) => value !== 0)
  return Math.sqrt(used.reduce((sum, value) => sum + value * value, 0) / Math.max(1, used.length))
}
