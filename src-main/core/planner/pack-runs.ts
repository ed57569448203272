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
} from '../plan/plan.ts'
import { rehearse } from '../plan/rehearse.ts'
import { present } from '../must.ts'
import { addedKey, groupsOf } from './compact.ts'
import { maskingBelow, maskingWithin, type Masking } from './masking.ts'

/**
 * Puts n weight vectors that hold the same number in slots near each other into one ciphertext: its slot t is vector
 * t mod n's (or, with a unit u, ⌊t/u⌋ mod n's). When it loads, the edge rotates it n − 1 times by the unit; each vector is a sum of
 * the rotations, masked so that every slot takes the one that brings its own number. Masks are the same for all vectors. Which
 * vectors these are depends on no weight. A layer is left as it is where nothing would be gained, the key included.
 */
export function packRuns(network: PlannedNetwork): PlannedNetwork {
  const { plan, weightVectors, weightPatterns } = network
  if (!weightPatterns) return network
  const keys = new Map(rehearse(plan).rotationPrimes)
  const masks = new Masks(slotsOf(plan.parameters))
  const packs = groupsOf(plan).flatMap((group): Pack[] => {
    const masking = maskingFor(plan, group[0])
    if (!masking) return []
    const reaches = new Map(group.map((weight) => [weight, reachesOf(weightPatterns(weight))]))
    const choice = choosePacking(reaches, plan, masking, keys)
    if (!choice) return []
    const { members, unit, count } = choice
    keys.set(unit, Math.max(masking.input.primes, keys.get(unit) ?? 0))
    return Array.from({ length: Math.ceil(members.length / count) }, (_, i) => {
      const own = members.slice(i * count, (i + 1) * count)
      return { ...choice, members: own, expansion: unpacking(own, choice, masking, masks) }
    })
  })
  if (packs.length === 0) return network
  const placeOf = new Map(packs.flatMap((pack) => pack.members.map((weight, j) => [weight, { pack, j }] as const)))
  // Each is asked for once for every vector that it holds, and in every simulation.
  const known = new Map<Pack, Float64Array>()
  const packed = (pack: Pack): Float64Array => {
    const vector = known.get(pack) ?? packedVector(pack, weightVectors, weightPatterns)
    known.set(pack, vector)
    return vector
  }
  return {
    ...network,
    plan: { ...plan, expansions: packs.map(({ expansion }) => expansion) },
    weightVectors: (weight) => {
      const place = placeOf.get(weight)
      if (!place) return weightVectors(weight)
      const vector = packed(place.pack)
      return vector.map((_, slot) => vector[sourceOf(slot, place.j, place.pack, vector.length)])
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
}

interface Pack extends Packing {
  readonly expansion: Expansion
}

/** Weights of a layer at the first level have masks only where their scale has room for them. */
function maskingFor({ weights, parameters }: Plan, weight: WeightIndex): Masking | undefined {
  const { primes, scale } = weights[weight]
  return primes < dataPrimesOf(parameters)
    ? maskingBelow(parameters, { primes, scale })
    : maskingWithin({ primes, scale })
}

/**
 * For each unit 1, 2, 4, …: so many units on, and no fewer, a slot may want another number. From there back, every slot can take the
 * same place's number.
 */
function reachesOf(pattern: Float64Array): number[] {
  const reaches: number[] = []
  for (let unit = 1; unit < pattern.length; unit *= 2) {
    let reach = Infinity
    for (let first = 0; first < unit && reach > 1; first++) {
      let last: { readonly slot: number; readonly number: number } | undefined
      // Round twice, since slots are cyclic.
      for (let slot = first; slot < 2 * pattern.length; slot += unit) {
        const number = pattern[slot % pattern.length]
        if (Number.isNaN(number)) continue
        if (last && last.number !== number) reach = Math.min(reach, (slot - last.slot) / unit)
        last = { slot, number }
      }
    }
    reaches.push(reach)
  }
  return reaches
}

/** The unit and the number of places that make ciphertexts and the key smallest together. */
function choosePacking(
  reaches: ReadonlyMap<WeightIndex, readonly number[]>,
  plan: Plan,
  { input }: Masking,
  keys: ReadonlyMap<number, number>,
): Packing | undefined {
  const all = [...reaches.keys()]
  const { primes } = plan.weights[all[0]]
  let best: { size: number; packing?: Packing } = { size: all.length * primes }
  for (let bit = 0; 2 ** bit < slotsOf(plan.parameters); bit++) {
    const unit = 2 ** bit
    for (let count = 2; count <= mostSummed && count * unit <= slotsOf(plan.parameters); count *= 2) {
      const members = all.filter((weight) => present(reaches.get(weight))[bit] >= count)
      if (members.length < 2) break
      const ciphertexts = Math.ceil(members.length / count) * input.primes + (all.length - members.length) * primes
      const size = ciphertexts + addedKey(input.primes, keys.get(unit) ?? 0, plan.parameters)
      if (size < best.size) best = { size, packing: { members, unit, count } }
    }
  }
  return best.packing
}

/** From which slot of the packed vector a slot of vector j comes: the first one from it on that is its own. */
function sourceOf(slot: number, j: number, { unit, count }: Packing, slots: number): number {
  const turns = (j - Math.floor(slot / unit) + count * slots) % count
  return (slot + turns * unit) % slots
}

function packedVector(
  pack: Pack,
  weightVectors: PlannedNetwork['weightVectors'],
  weightPatterns: NonNullable<PlannedNetwork['weightPatterns']>,
): Float64Array {
  const [first] = pack.members
  const packed = new Float64Array(weightVectors(first).length)
  pack.members.forEach((weight, j) => {
    const vector = weightVectors(weight)
    const pattern = weightPatterns(weight)
    vector.forEach((value, slot) => {
      if (!Number.isNaN(pattern[slot])) packed[sourceOf(slot, j, pack, packed.length)] = value
    })
  })
  return packed
}

/** One array for each mask: the slots of each place. */
class Masks {
  readonly #slots: number
  readonly #known = new Map<string, readonly Int32Array[]>()

  constructor(slots: number) {
    this.#slots = slots
  }

  of({ unit, count }: Packing): readonly Int32Array[] {
    const key = `${unit} ${count}`
    const known = this.#known.get(key)
    if (known) return known
    const slots = Array.from({ length: this.#slots }, (_, slot) => slot)
    const masks = Array.from({ length: count }, (_, place) =>
      Int32Array.from(slots.filter((slot) => Math.floor(slot / unit) % count === place)),
    )
    this.#known.set(key, masks)
    return masks
  }
}

/** All rotations, one after the other, and then one vector after the other. */
function unpacking(members: readonly WeightIndex[], packing: Packing, masking: Masking, known: Masks): Expansion {
  const { unit, count } = packing
  const masks = known.of(packing)
  const values: Register[] = [0]
  const instructions: Instruction[] = []
  for (let turns = 1; turns < count; turns++) {
    instructions.push({ op: 'rotate', out: turns, in: turns - 1, steps: unit })
    values.push(turns)
  }
  let next: Register = count
  const results = members.map((weight, j) => {
    const own = values.map((turns) => masks[(j - turns + count) % count])
    instructions.push({ op: 'mask-sum', out: next++, values, masks: own, scale: masking.scale })
    if (masking.rescales) instructions.push({ op: 'rescale', out: next, in: next++ - 1 })
    return { weight, register: next - 1 }
  })
  return { input: masking.input, instructions, results }
}
