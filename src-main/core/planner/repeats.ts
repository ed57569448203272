import { mostSummed, type WeightIndex, type WeightPatterns } from '../plan/plan.ts'
import { getOrMake } from '../get-or-make.ts'
import { periodOf } from './compact.ts'

/** How a weight vector repeats its numbers, as far as the architecture tells; by unit 1, 2, 4, … where there are several. */
export interface Repeats {
  /** See `periodOf`. */
  readonly period: number
  /** So many units on, and no fewer, a slot may want another number. From there back, every slot can take the same place's number. */
  readonly reaches: readonly number[]
  /** How many slots a unit apart, from a multiple on, want the same number; at most `mostSummed`. */
  readonly runs: readonly number[]
}

/** By the function that tells patterns, which a network has in common at all scales. */
const known = new WeakMap<WeightPatterns, Map<WeightIndex, Repeats>>()

export function repeatsOf(patterns: WeightPatterns, weight: WeightIndex): Repeats {
  const ofNetwork = getOrMake(known, patterns, () => new Map<WeightIndex, Repeats>())
  return getOrMake(ofNetwork, weight, () => {
    const pattern = patterns(weight)
    return { period: periodOf(pattern), reaches: reachesOf(pattern), runs: runsOf(pattern) }
  })
}

/** Whether a slot may hold anything before it is masked. */
export const isFree = (number: number): boolean => number === 0 || Number.isNaN(number)

function reachesOf(pattern: Float64Array): number[] {
  const reaches: number[] = []
  for (let unit = 1; unit < pattern.length; unit *= 2) {
    let reach = Infinity
    for (let first = 0; first < unit && reach > 1; first++) {
      let last: { readonly slot: number; readonly number: number } | undefined
      // Round twice, since slots are cyclic.
      for (let slot = first; slot < 2 * pattern.length; slot += unit) {
        const number = pattern[slot % pattern.length]
        if (isFree(number)) continue
        if (last && last.number !== number) reach = Math.min(reach, (slot - last.slot) / unit)
        last = { slot, number }
      }
    }
    reaches.push(reach)
  }
  return reaches
}

function runsOf(pattern: Float64Array): number[] {
  const runs: number[] = []
  for (let unit = 1; unit < pattern.length; unit *= 2) runs.push(runOf(pattern, unit))
  return runs
}

function runOf(pattern: Float64Array, unit: number): number {
  let known = pattern
  for (let count = 1; ; count *= 2) {
    if (count === mostSummed || known.length < 2 * unit) return count
    const halved = new Float64Array(known.length / 2)
    for (let at = 0; at < halved.length; at++) {
      const low = at + Math.floor(at / unit) * unit
      const [left, right] = [known[low], known[low + unit]]
      if (left !== right && !isFree(left) && !isFree(right)) return count
      halved[at] = isFree(left) ? right : left
    }
    known = halved
  }
}
