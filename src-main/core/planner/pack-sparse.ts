import {
  dataPrimesOf,
  expandedWeights,
  slotsOf,
  type ExpandedWeight,
  type Expansion,
  type Instruction,
  type Plan,
  type PlannedNetwork,
  type Register,
  type WeightIndex,
} from '../plan/plan.ts'
import { rehearse } from '../plan/rehearse.ts'
import { present } from '../must.ts'
import { addedKey } from './compact.ts'
import { maskingBelow, type Masking } from './masking.ts'

/**
 * Puts weight vectors whose slots are mostly 0 by the network's architecture into shared ciphertexts, each moved to where
 * the others are 0; the edge moves them back and masks what is not theirs. Unlike `compactWeights` it asks for no repetition:
 * it is for dense layers, whose diagonals meet few elements each. A layer is left as it is where nothing would be gained, the
 * keys included. Each vector takes one rotation, a product and a rescaling when the edge loads.
 */
export function packSparse(network: PlannedNetwork): PlannedNetwork {
  const { plan, weightVectors, weightSupports, expandedVectors } = network
  if (!weightSupports) return network
  const before = plan.expansions ?? []
  const keys = new Map(rehearse(plan).rotationPrimes)
  const expanded = expandedWeights(plan)
  const packs = groupsOf(plan, expanded, weightSupports).flatMap((group) => packsOf(group, plan, keys))
  if (packs.length === 0) return network
  const slots = slotsOf(plan.parameters)
  return {
    ...network,
    plan: { ...plan, expansions: [...before, ...packs.map(({ expansion }) => expansion)] },
    expandedVectors: (index) => {
      if (index < before.length) return present(expandedVectors)(index)
      const { support, members, places } = packs[index - before.length]
      const packed = new Float64Array(slots)
      members.forEach((weight, i) => {
        const vector = weightVectors(weight)
        for (const slot of support) packed[(slot + places[i]) % slots] = vector[slot]
      })
      return [packed]
    },
  }
}

interface Group {
  readonly members: readonly WeightIndex[]
  readonly support: Int32Array
}

/** Weights of one layer, level and scale that may be other than 0 in the same slots. */
function groupsOf(
  { weights, parameters }: Plan,
  expanded: ReadonlySet<WeightIndex>,
  supportOf: NonNullable<PlannedNetwork['weightSupports']>,
): Group[] {
  const groups = new Map<string, { members: WeightIndex[]; support: Int32Array }>()
  weights.forEach(({ layer, role, primes, scale }, index) => {
    if (role === 'bias' || expanded.has(index) || primes + 1 > dataPrimesOf(parameters)) return
    const support = supportOf(index)
    if (!support || 2 * support.length > slotsOf(parameters)) return
    const key = [layer, primes, scale, ...support].join()
    const group = groups.get(key)
    if (group) group.members.push(index)
    else groups.set(key, { members: [index], support })
  })
  return [...groups.values()].filter(({ members }) => members.length > 1)
}

interface Pack {
  readonly expansion: Expansion
  readonly support: Int32Array
  readonly members: readonly WeightIndex[]
  /** How far each member is moved up. */
  readonly places: readonly number[]
}

/** `keys` are those that there are, by rotation step and primes; those that the packs need are added. */
function packsOf({ members, support }: Group, plan: Plan, keys: Map<number, number>): Pack[] {
  const { primes, scale } = plan.weights[members[0]]
  const level = primes + 1
  const costOf = (step: number): number => addedKey(level, keys.get(step) ?? 0, plan.parameters)
  const slots = slotsOf(plan.parameters)
  const powers = Array.from({ length: Math.log2(slots) }, (_, bit) => 2 ** bit)
  const candidates = [...new Set([...keys.keys(), ...powers])].sort((a, b) => costOf(a) - costOf(b) || a - b)
  let best = { cost: members.length * primes, steps: [] as readonly number[] }
  for (let count = 1; 2 ** (count - 1) < members.length; count++) {
    const steps = disjointSteps(support, slots, candidates, count)
    if (!steps) break
    const cost = Math.ceil(members.length / 2 ** count) * level + steps.reduce((sum, step) => sum + costOf(step), 0)
    if (cost < best.cost) best = { cost, steps }
  }
  const { steps } = best
  if (steps.length === 0) return []
  for (const step of steps) keys.set(step, Math.max(level, keys.get(step) ?? 0))
  const each = 2 ** steps.length
  const masking = maskingBelow(plan.parameters, { primes, scale })
  return Array.from({ length: Math.ceil(members.length / each) }, (_, i): Pack => {
    const own = members.slice(i * each, (i + 1) * each)
    const places = own.map((_, j) => steps.reduce((sum, step, bit) => sum + ((j >> bit) & 1 ? step : 0), 0))
    return { expansion: unpacking(own, steps, support, masking), support, members: own, places }
  })
}

/** Sets that are tried before it is said that there are no more steps. */
const mostTries = 3000

/** So many of the candidates, of which no two sums move slots of the support to the same place; the first such set, or none. */
function disjointSteps(
  support: Int32Array,
  slots: number,
  candidates: readonly number[],
  count: number,
): readonly number[] | undefined {
  let tries = 0
  const extend = (taken: Int32Array, steps: readonly number[], from: number): readonly number[] | undefined => {
    if (steps.length === count) return steps
    if (taken.length * 2 ** (count - steps.length) > slots) return undefined
    const used = new Uint8Array(slots)
    for (const slot of taken) used[slot] = 1
    for (let i = from; i < candidates.length && tries < mostTries; i++) {
      tries += 1
      const moved = taken.map((slot) => (slot + candidates[i]) % slots)
      if (moved.some((slot) => used[slot] === 1)) continue
      const found = extend(Int32Array.from([...taken, ...moved]), [...steps, candidates[i]], i + 1)
      if (found) return found
    }
    return undefined
  }
  return extend(support, [], 0)
}

/** Depth first: one rotation for each vector but the first, and at most a value for each step live at once. */
function unpacking(
  members: readonly WeightIndex[],
  steps: readonly number[],
  slots: Int32Array,
  { input, scale }: Masking,
): Expansion {
  const instructions: Instruction[] = []
  const results: ExpandedWeight[] = []
  let next: Register = 1
  const split = (value: Register, bit: number, first: number): void => {
    if (bit < 0) {
      instructions.push({ op: 'mask-sum', out: next, values: [value], masks: [slots], scale })
      instructions.push({ op: 'rescale', out: next + 1, in: next })
      results.push({ weight: members[first], register: next + 1 })
      next += 2
      return
    }
    const second = first + 2 ** bit
    const turned = next
    if (second < members.length) instructions.push({ op: 'rotate', out: next++, in: value, steps: steps[bit] })
    split(value, bit - 1, first)
    if (second < members.length) split(turned, bit - 1, second)
  }
  split(0, steps.length - 1, 0)
  return { input, instructions, results }
}
