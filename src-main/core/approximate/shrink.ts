import { median } from '../numeric/median.ts'
import type { Shape } from '../network/layer-model.ts'

/**
 * Estimates of one number at each place of a channel's plane: amount / evidence, whose variance is noise / evidence.
 * A place without evidence has no estimate of its own.
 */
export interface PlaceEstimates {
  readonly amount: Float64Array
  readonly evidence: Float64Array
  /** Variance of a single observation. */
  readonly noise: Float64Array
}

/**
 * The estimates shrunk by how much data supports each (empirical Bayes, James and Stein 1961): first what each column
 * has in common, then each row, then each place by itself, every level from what the one before leaves. A level counts by
 * the variance between its members over that and the variance of their estimates. Places of one sample are taken to say
 * the same, so that many places of few samples do not pass for many samples.
 */
export function shrinkByPlace(estimates: PlaceEstimates, [, height, width]: Shape): Float64Array {
  const places = [...Array(height * width).keys()]
  const columns = Map.groupBy(places, (place) => place % width)
  const rows = Map.groupBy(places, (place) => Math.floor(place / width))
  const levels = [
    ...(width > 1 && height > 1 ? [[...columns.values()], [...rows.values()]] : []),
    places.map((place) => [place]),
  ]
  const found = new Float64Array(places.length)
  const left = { ...estimates, amount: Float64Array.from(estimates.amount) }
  for (const groups of levels) {
    const known = groups.flatMap((members) => {
      const estimate = estimateOf(left, members)
      return estimate ? [{ members, ...estimate }] : []
    })
    const excess = excessOf(known)
    if (!(excess > 0)) continue
    for (const { members, value, variance } of known) {
      const shrunk = (value * excess) / (excess + variance)
      for (const place of members) {
        found[place] += shrunk
        left.amount[place] -= shrunk * left.evidence[place]
      }
    }
  }
  return found
}

/** The variance of what is estimated: members with little evidence count little. */
function excessOf(known: readonly { readonly value: number; readonly variance: number }[]): number {
  const typical = median(known.map(({ variance }) => variance)) ?? 0
  let [sum, weights] = [0, 0]
  for (const { value, variance } of known) {
    const weight = 1 / (variance + typical + Number.MIN_VALUE)
    sum += weight * (value * value - variance)
    weights += weight
  }
  return sum / weights
}

function estimateOf({ amount, evidence, noise }: PlaceEstimates, members: readonly number[]) {
  let [sum, weight, deviation] = [0, 0, 0]
  for (const place of members) {
    sum += amount[place]
    weight += evidence[place]
    deviation += Math.sqrt(noise[place] * evidence[place])
  }
  return weight > 0 ? { value: sum / weight, variance: (deviation / weight) ** 2 } : undefined
}
