import type { WeightIndex, WeightPatterns } from '../plan/plan.ts'
import { getOrMake } from '../get-or-make.ts'
import { present } from '../must.ts'

/** Vectors whose zeros may be left out together, as none of them has a number where another has a zero. */
export interface ZeroClasses {
  /** Slots that masks leave out, by class; ascending. */
  readonly slots: readonly Int32Array[]
  /** The class of one of the vectors. */
  readonly of: (weight: WeightIndex) => number
}

/** Places for vectors in one ciphertext: slots so many apart, so many of them. */
interface Places {
  readonly unit: number
  readonly count: number
}

/** A network has them in common at all scales. */
const known = new WeakMap<WeightPatterns, Masks>()

/** The masks of a network's weights over so many slots, made once for each network. */
export const masksOf = (patterns: WeightPatterns, slots: number): Masks =>
  getOrMake(known, patterns, () => new Masks(patterns, slots))

/** What the masks of a network's weights keep and leave out, as its architecture tells; one array for each. */
class Masks {
  readonly #patterns: WeightPatterns
  readonly #slots: number
  readonly #classes = new Map<string, ZeroClasses>()
  /** Classes of different vectors with the same zeros are one array. */
  readonly #zeros = new Map<string, Int32Array>()
  readonly #masks = new Map<Int32Array, Map<string, readonly Int32Array[]>>()

  constructor(patterns: WeightPatterns, slots: number) {
    this.#patterns = patterns
    this.#slots = slots
  }

  zeroClasses(members: readonly WeightIndex[]): ZeroClasses {
    return getOrMake(this.#classes, members.join(), () => {
      const { slots, of } = zeroClasses(members, this.#patterns)
      return { slots: slots.map((zeros) => getOrMake(this.#zeros, zeros.join(), () => zeros)), of }
    })
  }

  /** For each place its slots, but for the zeros of a class. */
  byPlace({ unit, count }: Places, zeros: Int32Array): readonly Int32Array[] {
    const ofZeros = getOrMake(this.#masks, zeros, () => new Map<string, readonly Int32Array[]>())
    return getOrMake(ofZeros, `${unit} ${count}`, () => {
      const left = new Set(zeros)
      const places = Array.from({ length: count }, (): number[] => [])
      for (let slot = 0; slot < this.#slots; slot++) {
        if (!left.has(slot)) places[Math.floor(slot / unit) % count].push(slot)
      }
      return places.map((slots) => Int32Array.from(slots))
    })
  }
}

function zeroClasses(members: readonly WeightIndex[], patterns: WeightPatterns): ZeroClasses {
  const classes: { readonly zeros: Uint8Array; readonly numbers: Uint8Array }[] = []
  const classOf = new Map<WeightIndex, number>()
  // Most vectors have the zeros of others, and then their class.
  const seen = new Map<number, { readonly kinds: Uint8Array; readonly index: number }[]>()
  for (const weight of members) {
    const { kinds, hash } = kindsOf(patterns(weight))
    const alike = getOrMake(seen, hash, () => [])
    const same = alike.find((other) => isSame(other.kinds, kinds))
    if (same) {
      classOf.set(weight, same.index)
      continue
    }
    const fits = ({ zeros, numbers }: (typeof classes)[number]): boolean =>
      kinds.every((kind, slot) => (kind === ZERO ? numbers[slot] === 0 : kind === ANY || zeros[slot] === 0))
    let index = classes.findIndex(fits)
    if (index < 0) {
      index = classes.length
      classes.push({ zeros: new Uint8Array(kinds.length), numbers: new Uint8Array(kinds.length) })
    }
    alike.push({ kinds, index })
    classOf.set(weight, index)
    const { zeros, numbers } = classes[index]
    kinds.forEach((kind, slot) => {
      if (kind === ZERO) zeros[slot] = 1
      else if (kind === NUMBER) numbers[slot] = 1
    })
  }
  return {
    slots: classes.map(({ zeros }) => Int32Array.from([...zeros.keys()].filter((slot) => zeros[slot] === 1))),
    of: (weight) => present(classOf.get(weight)),
  }
}

/** What a slot of a pattern holds. */
const [ANY, ZERO, NUMBER] = [0, 1, 2]

/** Of each slot, with a number that is the same where all are. */
function kindsOf(pattern: Float64Array): { readonly kinds: Uint8Array; readonly hash: number } {
  const kinds = new Uint8Array(pattern.length)
  let hash = 0
  for (let slot = 0; slot < kinds.length; slot++) {
    const number = pattern[slot]
    const kind = number === 0 ? ZERO : Number.isNaN(number) ? ANY : NUMBER
    kinds[slot] = kind
    hash = (Math.imul(hash, 31) + kind) | 0
  }
  return { kinds, hash }
}

const isSame = (left: Uint8Array, right: Uint8Array): boolean => left.every((kind, slot) => kind === right[slot])
