import { legendre } from '../numeric/legendre.ts'
import { evaluatePolynomial } from '../numeric/monomials.ts'
import type { Coefficients } from '../numeric/monomials.ts'
import { fitMoments, seenMoments } from './fit-channel.ts'
import type { FitOptions } from './fit-channel.ts'
import { POINT_SHARE } from './fit-layers.ts'
import { noMoments, observe } from './moments.ts'
import type { Moments } from './moments.ts'
import { condense, isSpread, spanOf } from './points.ts'

/** The best polynomial of a row's inputs `x`, and what it misses. Errors are sums over places. */
export interface RowFit {
  readonly x: Float64Array
  readonly polynomial: Coefficients
  readonly residuals: Float64Array
  readonly keptError: number
  readonly heldError: number
}

/**
 * Fits polynomials of many inputs to the same targets `y`, by the places that are not `held` (1) out. Places come in windows of
 * `taps`: with more than one, what a pooling makes of a window counts. The function that it gives returns undefined where the
 * inputs do not vary or are not finite.
 */
export function rowFitter(
  y: Float64Array,
  taps: number,
  held: Uint8Array,
  options: FitOptions,
): (x: Float64Array) => RowFit | undefined {
  const momentsOf = taps > 1 ? windowMoments(y, taps, held, options) : placeMoments(y, held, options)
  const alone = taps > 1 ? POINT_SHARE : 1
  return (x) => {
    const [low, high] = spanOf([x])
    const [middle, half] = [(low + high) / 2, (high - low) / 2]
    if (!isSpread(low, high) || !Number.isFinite(half)) return undefined
    const polynomial = fitMoments(momentsOf(x, middle, half), middle, half, options)
    const residuals = evaluated(polynomial, x)
    let [keptError, heldError] = [0, 0]
    for (let first = 0; first < x.length; first += taps) {
      let [mean, squares] = [0, 0]
      for (let r = first; r < first + taps; r++) {
        const residual = y[r] - residuals[r]
        residuals[r] = residual
        mean += residual / taps
        squares += residual * residual
      }
      const error = taps > 1 ? taps * mean * mean + alone * squares : squares
      if (held[first] === 1) heldError += error
      else keptError += error
      if (taps > 1) for (let r = first; r < first + taps; r++) residuals[r] = mean + alone * residuals[r]
    }
    return { x, polynomial, residuals, keptError, heldError }
  }
}

/** The polynomial at each x. */
export function evaluated(polynomial: Coefficients, x: Float64Array): Float64Array {
  const values = new Float64Array(x.length)
  for (let r = 0; r < x.length; r++) values[r] = evaluatePolynomial(polynomial, x[r])
  return values
}

type MomentsOf = (x: Float64Array, middle: number, half: number) => Moments

/** Of places by themselves, condensed: there are twenty times as many places as bins. */
function placeMoments(y: Float64Array, held: Uint8Array, options: FitOptions): MomentsOf {
  const places = Int32Array.from(held.keys()).filter((r) => held[r] === 0)
  const kept = (values: Float64Array) => {
    const picked = new Float64Array(places.length)
    for (let i = 0; i < picked.length; i++) picked[i] = values[places[i]]
    return picked
  }
  const targets = kept(y)
  return (x, middle, half) => seenMoments(condense([kept(x)], [targets], 0, targets.length), { middle, half }, options)
}

function windowMoments(y: Float64Array, taps: number, held: Uint8Array, { degree }: FitOptions): MomentsOf {
  const count = degree + 1
  const [basis, pooled] = [new Float64Array(count), new Float64Array(count)]
  return (x, middle, half) => {
    const moments = noMoments(count)
    for (let first = 0; first < x.length; first += taps) {
      if (held[first] === 1) continue
      pooled.fill(0)
      let target = 0
      for (let r = first; r < first + taps; r++) {
        legendre((x[r] - middle) / half, count, basis)
        observe(moments, basis, y[r], POINT_SHARE)
        for (let k = 0; k < count; k++) pooled[k] += basis[k] / taps
        target += y[r] / taps
      }
      observe(moments, pooled, target, taps)
    }
    return moments
  }
}
