import {
  dataPrimesOf,
  mostSummed,
  slotsOf,
  type Expansion,
  type Instruction,
  type Plan,
  type PlannedNetwork,
  type Register,
  type WeightIndex,
  type WeightPatterns,
} from '../plan/plan.ts'
import { rehearse } from '../plan/rehearse.ts'
import { getOrMake } from '../get-or-make.ts'
import { addedKey, groupsOf } from './compact.ts'
import { maskingBelow, maskingWithin, type Masking } from './masking.ts'
import { masksOf } from './masks.ts'
import { isFree, repeatsOf } from './repeats.ts'

/**
 * Puts n weight vectors that hold the same number in slots near each other into one ciphertext: its slot t is vector
 * t mod n's (or, with a unit u, ⌊t/u⌋ mod n's). When it loads, the edge rotates it by the unit, again and again; each vector is a sum of
 * n rotations, masked so that every slot takes the one that brings its own number. Where numbers end at multiples of n, slots
 * take theirs from both sides, of 2n − 1 rotations; where a gap follows, from above alone. Masks leave out slots whose weight is 0
 * by the architecture, such as borders; but for these they are the same for all vectors. Which vectors these are depends on no weight. A layer
 * is left as it is where nothing would be gained, the key included.
 */
export function packRuns(network: PlannedNetwork): PlannedNetwork {
  const { plan, weightVectors, weightPatterns } = network
  if (!weightPatterns) return network
  const slots = slotsOf(plan.parameters)
  const keys = new Map(rehearse(plan).rotationPrimes)
  const masks = masksOf(weightPatterns, slots)
  const packs = groupsOf(plan).flatMap((group): Pack[] => {
    const masking = maskingFor(plan, group[0])
    if (!masking) return []
    const choice = choosePacking(group, weightPatterns, plan, masking, keys)
    if (!choice) return []
    const { members, unit, count } = choice
    keys.set(unit, Math.max(masking.input.primes, keys.get(unit) ?? 0))
    // One after the other of those with the same zeros, whose masks are the same.
    const zeros = masks.zeroClasses(members)
    const ordered = [...members].sort((left, right) => zeros.of(left) - zeros.of(right) || left - right)
    return Array.from({ length: Math.ceil(ordered.length / count) }, (_, i) => {
      const own = ordered.slice(i * count, (i + 1) * count)
      const terms = own.map((weight, j) => termsOf(j, choice, masks.byPlace(choice, zeros.slots[zeros.of(weight)])))
      return { ...choice, members: own, terms, expansion: unpacking(own, terms, unit, masking) }
    })
  })
  if (packs.length === 0) return network
  const placeOf = new Map(packs.flatMap((pack) => pack.members.map((weight, j) => [weight, { pack, j }] as const)))
  // Each is asked for once for every vector that it holds, and in every simulation.
  const known = new Map<Pack, Float64Array>()
  const packed = (pack: Pack): Float64Array =>
    getOrMake(known, pack, () => packedVector(pack, weightVectors, weightPatterns))
  return {
    ...network,
    plan: { ...plan, expansions: packs.map(({ expansion }) => expansion) },
    weightVectors: (weight) => {
      const place = placeOf.get(weight)
      if (!place) return weightVectors(weight)
      const { pack, j } = place
      const vector = packed(pack)
      const values = new Float64Array(slots)
      for (const { mask, turns } of pack.terms[j]) {
        for (const slot of mask) values[slot] = vector[(slot + turns * pack.unit) % slots]
      }
      return values
    },
    expandedVectors: (index) => [packed(packs[index])],
  }
}

interface Packing {
  readonly members: readonly WeightIndex[]
  /** Slots from one vector's place to the next one's. */
  readonly unit: number
  /** Places for vectors in one ciphertext, a power of two. */
  readonly count: number
  /** Slots take their numbers from both sides, within multiples of count × unit. */
  readonly aligned: boolean
}

/** A summand of a vector: the ciphertext turned by so many units, in some slots. */
interface Term {
  readonly turns: number
  readonly mask: Int32Array
}

interface Pack extends Packing {
  /** Of each vector. */
  readonly terms: readonly (readonly Term[])[]
  readonly expansion: Expansion
}

/** Weights of a layer at the first level have masks only where their scale has room for them. */
function maskingFor({ weights, parameters }: Plan, weight: WeightIndex): Masking | undefined {
  const { primes, scale } = weights[weight]
  return primes < dataPrimesOf(parameters)
    ? maskingBelow(parameters, { primes, scale })
    : maskingWithin({ primes, scale })
}

/** The unit and the number of places that make ciphertexts and the key smallest together; the fewest rotations where they are alike. */
function choosePacking(
  all: readonly WeightIndex[],
  patterns: WeightPatterns,
  plan: Plan,
  { input }: Masking,
  keys: ReadonlyMap<number, number>,
): Packing | undefined {
  const slots = slotsOf(plan.parameters)
  // What repeats more often than it has places here comes out of its ciphertext by one key switch, without a mask: compact.ts.
  const candidates = all.filter((weight) => repeatsOf(patterns, weight).period * mostSummed > slots)
  if (candidates.length < 2) return undefined
  const { primes } = plan.weights[all[0]]
  let best: { size: number; packing?: Packing } = { size: all.length * primes }
  for (const aligned of [false, true]) {
    const lengthOf = (weight: WeightIndex, bit: number): number => {
      const { runs, reaches } = repeatsOf(patterns, weight)
      return (aligned ? runs : reaches)[bit]
    }
    for (let bit = 0; 2 ** bit < slots; bit++) {
      const unit = 2 ** bit
      for (let count = 2; count <= mostSummed && count * unit <= slots; count *= 2) {
        const members = candidates.filter((weight) => lengthOf(weight, bit) >= count)
        if (members.length < 2) break
        const ciphertexts = Math.ceil(members.length / count) * input.primes + (all.length - members.length) * primes
        const size = ciphertexts + addedKey(input.primes, keys.get(unit) ?? 0, plan.parameters)
        if (size < best.size) best = { size, packing: { members, unit, count, aligned } }
      }
    }
  }
  return best.packing
}

/** How many units a slot of some place is turned by to take vector j's number; aligned ciphertexts begin count − 1 units down. */
const turnsTo = (j: number, place: number, { count, aligned }: Packing): number =>
  aligned ? j - place + count - 1 : (j - place + count) % count

function packedVector(
  pack: Pack,
  weightVectors: PlannedNetwork['weightVectors'],
  weightPatterns: WeightPatterns,
): Float64Array {
  const [first] = pack.members
  const slots = weightVectors(first).length
  const packed = new Float64Array(slots)
  pack.members.forEach((weight, j) => {
    const vector = weightVectors(weight)
    const pattern = weightPatterns(weight)
    vector.forEach((value, slot) => {
      if (isFree(pattern[slot])) return
      const turns = turnsTo(j, Math.floor(slot / pack.unit) % pack.count, pack)
      packed[(slot + turns * pack.unit) % slots] = value
    })
  })
  return packed
}

const termsOf = (j: number, packing: Packing, masks: readonly Int32Array[]): Term[] =>
  masks
    .map((mask, place) => ({ mask, turns: turnsTo(j, place, packing) }))
    .filter(({ mask }) => mask.length > 0)
    .sort((left, right) => left.turns - right.turns)

/** One vector after the other, each behind the rotations that it is the first to need. */
function unpacking(
  members: readonly WeightIndex[],
  terms: readonly (readonly Term[])[],
  unit: number,
  masking: Masking,
): Expansion {
  const instructions: Instruction[] = []
  let next: Register = 1
  const turned: Register[] = [0]
  const turnedBy = (turns: number): Register => {
    while (turned.length <= turns) {
      instructions.push({ op: 'rotate', out: next, in: turned[turned.length - 1], steps: unit })
      turned.push(next++)
    }
    return turned[turns]
  }
  const results = members.map((weight, j) => {
    const values = terms[j].map(({ turns }) => turnedBy(turns))
    const masks = terms[j].map(({ mask }) => mask)
    instructions.push({ op: 'mask-sum', out: next++, values, masks, scale: masking.scale })
    if (masking.rescales) instructions.push({ op: 'rescale', out: next, in: next++ - 1 })
    return { weight, register: next - 1 }
  })
  return { input: masking.input, instructions, results }
}
