import type { ConvMap, Shape } from '../network/layer-model.ts'
import { applyLinearMap } from '../network/run-layers.ts'
import type { Values } from './layer-values.ts'
import { legendre } from '../numeric/legendre.ts'
import { notFinite } from './points.ts'

/**
 * What a least-squares fit needs to know of one channel: for f = Σ θₖ·Pₖ(z), z = (x − middle) / half, the mean of
 * (f(x) − y)² is θᵀ·gram·θ − 2·right·θ + energy.
 */
export interface Moments {
  readonly count: number
  readonly gram: Float64Array
  readonly right: Float64Array
  energy: number
}

/** Moments of `count` polynomials over no points: all zero. */
export const noMoments = (count: number): Moments => ({
  count,
  gram: new Float64Array(count * count),
  right: new Float64Array(count),
  energy: 0,
})

/** Of the first `count` polynomials alone. */
export function leadingMoments(moments: Moments, count: number): Moments {
  if (count === moments.count) return moments
  const leading = { ...noMoments(count), right: moments.right.subarray(0, count), energy: moments.energy }
  for (let i = 0; i < count; i++) {
    leading.gram.set(moments.gram.subarray(i * moments.count, i * moments.count + count), i * count)
  }
  return leading
}

/** Adds one weighted observation. */
export function observe(moments: Moments, basis: Float64Array, y: number, weight: number): void {
  const { count, gram, right } = moments
  for (let i = 0; i < count; i++) {
    const scaled = weight * basis[i]
    for (let j = 0; j < count; j++) gram[i * count + j] += scaled * basis[j]
    right[i] += scaled * y
  }
  moments.energy += weight * y * y
}

/** into += factor · from. */
export function addMoments(into: Moments, from: Moments, factor: number): void {
  from.gram.forEach((value, i) => (into.gram[i] += factor * value))
  from.right.forEach((value, i) => (into.right[i] += factor * value))
  into.energy += factor * from.energy
}

/** The mean of (f(x) − y)². */
export function meanSquareError({ count, gram, right, energy }: Moments, theta: Float64Array): number {
  let sum = energy
  for (let i = 0; i < count; i++) {
    sum -= 2 * right[i] * theta[i]
    for (let j = 0; j < count; j++) sum += theta[i] * gram[i * count + j] * theta[j]
  }
  return Math.max(0, sum)
}

/** Of the moments of a sum of several polynomials, those of polynomial k against what the others leave. */
export function momentsOfTerm(all: Moments, thetas: readonly Float64Array[], k: number): Moments {
  const count = all.count / thetas.length
  const others = new Float64Array(all.count)
  thetas.forEach((theta, j) => j !== k && others.set(theta, j * count))
  const term = noMoments(count)
  for (let i = 0; i < count; i++) {
    const row = (k * count + i) * all.count
    let right = all.right[k * count + i]
    for (let j = 0; j < all.count; j++) right -= all.gram[row + j] * others[j]
    term.right[i] = right
    term.gram.set(all.gram.subarray(row + k * count, row + (k + 1) * count), i * count)
  }
  term.energy = meanSquareError(all, others)
  return term
}

/** An average pooling and the shape of its output. */
export interface Pool {
  readonly map: ConvMap
  readonly shape: Shape
}

/** One channel of an activation of this shape [C, H, W], on the calibration samples. */
interface SeenChannel {
  readonly inputs: Values
  readonly targets: Values
  readonly shape: Shape
  readonly channel: number
}

/**
 * The moments of one channel as seen behind a pooling: of pooled polynomials against pooled targets. What an average
 * evens out does not count as an error there.
 */
export function pooledMoments(
  { inputs, targets, shape: [, height, width], channel }: SeenChannel,
  { map: pool, shape: pooledShape }: Pool,
  range: { readonly middle: number; readonly half: number },
  count: number,
): Moments {
  const plane = height * width
  const pooledPlane = pooledShape[1] * pooledShape[2]
  const taps = pool.kernel[0] * pool.kernel[1]
  const weight = new Float64Array((count + 1) * taps)
  for (let k = 0; k <= count; k++) weight.set(pool.weight.subarray(channel * taps, (channel + 1) * taps), k * taps)
  const map = { ...pool, groups: count + 1, weight }
  const fields = new Float64Array((count + 1) * plane)
  const moments = noMoments(count)
  const basis = new Float64Array(count)
  const share = 1 / (inputs.length * pooledPlane)
  inputs.forEach((input, sample) => {
    for (let i = 0; i < plane; i++) {
      const x = input[channel * plane + i]
      if (!Number.isFinite(x)) throw notFinite()
      legendre((x - range.middle) / range.half, count, fields, i, plane)
      fields[count * plane + i] = targets[sample][channel * plane + i]
    }
    const pooled = applyLinearMap(map, [count + 1, height, width], [count + 1, pooledShape[1], pooledShape[2]], fields)
    for (let i = 0; i < pooledPlane; i++) {
      for (let k = 0; k < count; k++) basis[k] = pooled[k * pooledPlane + i]
      observe(moments, basis, pooled[count * pooledPlane + i], share)
    }
  })
  return moments
}
