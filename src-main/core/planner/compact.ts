import {
  expandedWeights,
  expansionPlan,
  slotsOf,
  type CkksParameters,
  type Expansion,
  type Plan,
  type PlannedNetwork,
  type WeightIndex,
} from '../plan/plan.ts'
import { keySizeOf } from '../plan/key-form.ts'
import { rehearse } from '../plan/rehearse.ts'
import { runPlan } from '../plan/run-plan.ts'
import { LevelEvaluator } from '../plan/level-evaluator.ts'
import { getOrMake } from '../get-or-make.ts'
import { present } from '../must.ts'
import { doublings, expansionTree } from './expansion-tree.ts'
import { repeatsOf } from './repeats.ts'

/**
 * Sends each number of a layer once where its weight vectors repeat: vectors of one level that are periodic by the
 * network's architecture share ciphertexts, from which the edge expands them. Which they are depends on no weight. A
 * layer is left as it is where nothing would be gained, the keys for the expansion included.
 */
export function compactWeights(network: PlannedNetwork): PlannedNetwork {
  const { plan, weightVectors, weightPatterns } = network
  if (!weightPatterns) return network
  const slots = slotsOf(plan.parameters)
  const keys = new Map(rehearse(plan).rotationPrimes)
  const periods = plan.weights.map((_, index) => repeatsOf(weightPatterns, index).period)
  const before = plan.expansions ?? []
  const expansions: Expansion[] = []
  const basePeriods: number[] = []
  for (const group of groupsOf(plan)) {
    const choice = choosePacking(group, periods, plan, keys)
    if (!choice) continue
    const { members, steps, period } = choice
    const { primes, scale } = plan.weights[members[0]]
    for (const step of steps) keys.set(step, Math.max(primes, keys.get(step) ?? 0))
    const perCiphertext = slots / period
    for (let first = 0; first < members.length; first += perCiphertext) {
      const weights = members.slice(first, first + perCiphertext)
      if (weights.length === 1) continue
      const { polyModulusDegree } = plan.parameters
      expansions.push(expansionTree({ weights, level: { primes, scale }, steps, polyModulusDegree }))
      basePeriods.push(period)
    }
  }
  if (expansions.length === 0) return network
  const expandedFrom = new Map(
    expansions.flatMap(({ results }, e) => results.map(({ weight }) => [weight, basePeriods[e]] as const)),
  )
  // Each is asked for in every simulation; all together are as many numbers as the bundle has.
  const known = new Map<WeightIndex, Float64Array>()
  const baseOf = (index: WeightIndex, period: number): Float64Array =>
    getOrMake(known, index, () => onePeriod(weightVectors(index), weightPatterns(index), period))
  const compacted: PlannedNetwork = {
    ...network,
    plan: { ...plan, expansions: [...before, ...expansions] },
    weightVectors: (index) => {
      const period = expandedFrom.get(index)
      if (period === undefined) return weightVectors(index)
      const vector = new Float64Array(slots)
      for (let at = 0; at < slots; at += period) vector.set(baseOf(index, period), at)
      return vector
    },
    expandedVectors: (index) => {
      if (index < before.length) return present(network.expandedVectors)(index)
      const e = index - before.length
      return expansions[e].results.map(({ weight }, i, { length }) => {
        const factor = slots / basePeriods[e] / doublings(i, length)
        return baseOf(weight, basePeriods[e]).map((value) => factor * value)
      })
    },
  }
  checkExpansions(compacted.plan)
  return compacted
}

/** Weights, in order, that are of one layer, level and scale and not expanded; biases are by themselves anyway. */
export function groupsOf({ weights, expansions = [] }: Plan): WeightIndex[][] {
  const groups = new Map<string, WeightIndex[]>()
  const expanded = expandedWeights({ expansions })
  weights.forEach(({ layer, role, primes, scale }, index) => {
    if (role === 'bias' || expanded.has(index)) return
    const key = [layer, primes, scale].join()
    const group = groups.get(key)
    if (group) group.push(index)
    else groups.set(key, [index])
  })
  return [...groups.values()].filter((group) => group.length > 1)
}

function onePeriod(vector: Float64Array, pattern: Float64Array, period: number): Float64Array {
  const base = new Float64Array(period)
  for (let slot = 0; slot < vector.length; slot++) {
    if (!Number.isNaN(pattern[slot])) base[slot % period] = vector[slot]
  }
  return base
}

interface Packing {
  readonly members: readonly WeightIndex[]
  readonly period: number
  readonly steps: readonly number[]
}

/** The number of vectors in one ciphertext that makes ciphertexts and new keys smallest together. */
function choosePacking(
  group: readonly WeightIndex[],
  periods: readonly number[],
  plan: Plan,
  keys: ReadonlyMap<number, number>,
): Packing | undefined {
  const slots = slotsOf(plan.parameters)
  const { primes } = plan.weights[group[0]]
  let best: { bytes: number; packing: Packing | undefined } = { bytes: group.length * primes, packing: undefined }
  for (let period = slots / 2; period >= 2; period /= 2) {
    const members = group.filter((index) => periods[index] <= period)
    const steps = expansionSteps(slots, period, primes, keys, plan.parameters)
    const ciphertexts = Math.ceil(members.length / (slots / period)) + group.length - members.length
    const bytes = ciphertexts * primes + newKeys(steps, primes, keys, plan.parameters)
    if (members.length > 0 && bytes < best.bytes) best = { bytes, packing: { members, period, steps } }
  }
  return best.packing
}

/** For each bit an odd multiple of slots / 2^(bit + 1), by preference one whose key is there. */
function expansionSteps(
  slots: number,
  period: number,
  primes: number,
  keys: ReadonlyMap<number, number>,
  parameters: CkksParameters,
): number[] {
  const steps: number[] = []
  const added = (existing: number): number => addedKey(primes, existing, parameters)
  for (let unit = slots / 2; unit >= period; unit /= 2) {
    const fitting = [...keys].filter(([step]) => (step / unit) % 2 === 1)
    const [cheapest] = fitting.sort((a, b) => added(a[1]) - added(b[1]) || a[0] - b[0])
    steps.push(cheapest && added(cheapest[1]) < added(0) ? cheapest[0] : unit)
  }
  return steps
}

/** What a key for `primes` costs in place of one for `existing`, 0 for none, in residue polynomials. */
export function addedKey(primes: number, existing: number, parameters: CkksParameters): number {
  if (primes <= existing) return 0
  const spared = existing === 0 ? 0 : keySizeOf(parameters, existing)
  return Math.max(0, keySizeOf(parameters, primes) - spared)
}

const newKeys = (
  steps: readonly number[],
  primes: number,
  keys: ReadonlyMap<number, number>,
  parameters: CkksParameters,
): number => steps.reduce((sum, step) => sum + addedKey(primes, keys.get(step) ?? 0, parameters), 0)

/** Transform, then check. */
export function checkExpansions(plan: Plan): void {
  for (const expansion of plan.expansions ?? []) {
    const own = expansionPlan(plan, expansion)
    const evaluator = new LevelEvaluator(own)
    runPlan(own, evaluator, [evaluator.input(0)])
  }
}
