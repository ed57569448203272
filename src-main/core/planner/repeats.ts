import { mostSummed, type WeightIndex, type WeightPatterns } from '../plan/plan.ts'
import { getOrMake } from '../get-or-make.ts'

/** How a weight vector repeats its numbers, as far as the architecture tells; by unit 1, 2, 4, … where there are several. */
export class Repeats {
  /** See `periodOf`. */
  readonly period: number
  readonly #pattern: () => Float64Array
  #known: { readonly reaches: readonly number[]; readonly runs: readonly number[] } | undefined

  constructor(pattern: () => Float64Array) {
    this.period = periodOf(pattern())
    this.#pattern = pattern
  }

  /** So many units on, and no fewer, a slot may want another number. From there back, every slot can take the same place's number. */
  get reaches(): readonly number[] {
    return this.#lengths().reaches
  }

  /** How many slots a unit apart, from a multiple on, want the same number; at most `mostSummed`. */
  get runs(): readonly number[] {
    return this.#lengths().runs
  }

  /** Only of weights that may share ciphertexts through masks, and both of the pattern as it is made once. */
  #lengths() {
    if (!this.#known) {
      const pattern = this.#pattern()
      this.#known = { reaches: reachesOf(pattern), runs: runsOf(pattern) }
    }
    return this.#known
  }
}

/** By the function that tells patterns, which a network has in common at all scales. */
const known = new WeakMap<WeightPatterns, Map<WeightIndex, Repeats>>()

/** How the numbers of a weight vector repeat over its slots; kept for each network, since plans ask again. */
export function repeatsOf(patterns: WeightPatterns, weight: WeightIndex): Repeats {
  const ofNetwork = getOrMake(known, patterns, () => new Map<WeightIndex, Repeats>())
  return getOrMake(ofNetwork, weight, () => new Repeats(() => patterns(weight)))
}

/** The smallest power of two by which a pattern can be repeated: slots of one number hold one weight. */
export function periodOf(pattern: Float64Array): number {
  let known = pattern
  while (known.length > 2) {
    const half = known.length / 2
    const [low, high] = [known.subarray(0, half), known.subarray(half)]
    if (!low.every((value, slot) => value === high[slot] || Number.isNaN(value) || Number.isNaN(high[slot]))) break
    known = low.map((value, slot) => (Number.isNaN(value) ? high[slot] : value))
  }
  return known.length
}

/** Whether a slot may hold anything before it is masked. */
export const isFree = (number: number): boolean => number === 0 || Number.isNaN(number)

function reachesOf(pattern: Float64Array): number[] {
  const reaches: number[] = []
  for (let unit = 1; unit < pattern.length; unit *= 2) {
    let reach = Infinity
    for (let first = 0; first < unit && reach > 1; first++) reach = Math.min(reach, reachFrom(pattern, first, unit))
    reaches.push(reach)
  }
  return reaches
}

/** Of the slots that are so many units from the first. */
function reachFrom(pattern: Float64Array, first: number, unit: number): number {
  let reach = Infinity
  let lastSlot = -1
  let lastNumber = 0
  // Round twice, since slots are cyclic.
  for (let slot = first; slot < 2 * pattern.length && reach > 1; slot += unit) {
    const number = pattern[slot % pattern.length]
    if (isFree(number)) continue
    if (lastSlot >= 0 && lastNumber !== number) reach = Math.min(reach, (slot - lastSlot) / unit)
    lastSlot = slot
    lastNumber = number
  }
  return reach
}

function runsOf(pattern: Float64Array): number[] {
  const runs: number[] = []
  for (let unit = 1; unit < pattern.length; unit *= 2) runs.push(runOf(pattern, unit))
  return runs
}

function runOf(pattern: Float64Array, unit: number): number {
  let known = pattern
  for (let count = 1; ; count *= 2) {
    if (count === mostSummed || known.length < 2 * unit || !isAlikeInPairs(known, unit)) return count
    known = inPairs(known, unit)
  }
}

/** Whether a number and the one a unit above it may be the same, for each pair of units. */
function isAlikeInPairs(numbers: Float64Array, unit: number): boolean {
  for (let first = 0; first < numbers.length; first += 2 * unit) {
    for (let low = first; low < first + unit; low++) {
      const [left, right] = [numbers[low], numbers[low + unit]]
      if (left !== right && !isFree(left) && !isFree(right)) return false
    }
  }
  return true
}

/** One number for each pair. */
function inPairs(numbers: Float64Array, unit: number): Float64Array {
  const halved = new Float64Array(numbers.length / 2)
  for (let at = 0; at < halved.length; at++) {
    const low = at + Math.floor(at / unit) * unit
    halved[at] = isFree(numbers[low]) ? numbers[low + unit] : numbers[low]
  }
  return halved
}
