import { UserError } from '../errors.ts'
import { ROUNDING } from '../numeric/matrix.ts'

/** Weighted points (x, y) that stand for all values of one channel: one per occupied bin of x. */
export interface Points {
  readonly x: Float64Array
  readonly y: Float64Array
  /** Share of the values; sums to 1. */
  readonly weight: Float64Array
  readonly low: number
  readonly high: number
}

/** The least and the largest value of a channel, which is `plane` values of each tensor from `channel × plane`. */
export function extremes(
  tensors: readonly Float64Array[],
  channel: number,
  plane: number,
): Pick<Points, 'low' | 'high'> {
  let low = Infinity
  let high = -Infinity
  for (const values of tensors) {
    for (let i = channel * plane; i < (channel + 1) * plane; i++) {
      if (values[i] < low) low = values[i]
      if (values[i] > high) high = values[i]
      if (!Number.isFinite(values[i])) throw notFinite()
    }
  }
  return { low, high }
}

/** The least and the largest of all values. */
export function spanOf(rows: readonly Float64Array[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity]
  for (const row of rows) {
    for (const value of row) {
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return [low, high]
}

const BINS = 1024

/** Whether values between these vary by more than the rounding of values of that size. */
export const isSpread = (low: number, high: number, size = Math.max(Math.abs(low), Math.abs(high))): boolean =>
  high - low > Math.max(1e-12, ROUNDING * size)

/** The largest magnitude among all values. */
export function largestOf(values: readonly Float64Array[]): number {
  let largest = 0
  for (const row of values) for (const value of row) largest = Math.max(largest, Math.abs(value))
  return largest
}

/**
 * Condenses a channel's values to the mean x and mean y of equal bins between the extremes. A least-squares fit of
 * degree n on them differs from one on all values by the spread of x inside a bin, 1e-7 of the range squared.
 * `inputs` and `targets` hold one flattened tensor per sample; the channel is `plane` values from `channel × plane`.
 */
export function condense(
  inputs: readonly Float64Array[],
  targets: readonly Float64Array[],
  channel: number,
  plane: number,
): Points {
  const begin = channel * plane
  const end = begin + plane
  const { low, high } = extremes(inputs, channel, plane)
  const perUnit = high > low ? BINS / (high - low) : 0
  const counts = new Float64Array(BINS)
  const x = new Float64Array(BINS)
  const y = new Float64Array(BINS)
  inputs.forEach((values, sample) => {
    const target = targets[sample]
    for (let i = begin; i < end; i++) {
      const bin = Math.min(BINS - 1, Math.floor((values[i] - low) * perUnit))
      counts[bin] += 1
      x[bin] += values[i]
      y[bin] += target[i]
    }
  })
  const occupied = [...counts.keys()].filter((bin) => counts[bin] > 0)
  const total = inputs.length * plane
  return {
    x: Float64Array.from(occupied, (bin) => x[bin] / counts[bin]),
    y: Float64Array.from(occupied, (bin) => y[bin] / counts[bin]),
    weight: Float64Array.from(occupied, (bin) => counts[bin] / total),
    low,
    high,
  }
}

export const notFinite = () =>
  new UserError('not-finite', 'A calibration value is not a finite number.', {
    hint: 'Check the calibration data and its scale, mean and standard deviation.',
  })
