import type { SparseMap } from '../network/layer-model.ts'
import { getOrMake } from '../get-or-make.ts'
import { modulo, positionsOf, type Layout, type SlotGroup } from './layout.ts'

/*
 * A linear map over slots, after Halevi and Shoup (https://eprint.iacr.org/2014/106): y = Σ_r w_r ⊙ rot_r(x), with one
 * vector of weights for each rotation r that brings an input to an output. Axes: an input (channel, row, column) stands at slot
 * `from`, an output at slot `to`, and r = from − to (mod slots), the same for all outputs that read their input from equally far.
 *
 * Example: y[j] = w₀·x[j − 1] + w₁·x[j] + w₂·x[j + 1] for j = 0 … 3, both at slots 0 … 3 of 8. Three diagonals:
 *   r = 7 (−1): (0, w₀, w₀, w₀, 0, …)   r = 0: (w₁, w₁, w₁, w₁, 0, …)   r = 1: (w₂, w₂, w₂, 0, 0, …)
 * Zeros stand where the map reads padding, and where no output is. A convolution over rows of stride s has the same with r = s·dy + dx,
 * whose parts dx and s·dy the split into baby and giant steps (baby-giant.ts) treats by themselves.
 */

/**
 * One slot-wise product of a linear map: input ciphertext `input`, rotated left by `rotation`, times a weight
 * vector, summed into output ciphertext `output`. `parts` sum to the rotation (mod slots): column, row and
 * channel shift of a convolution, or the whole; the baby-step giant-step split distributes them.
 */
export interface Diagonal {
  readonly input: number
  readonly output: number
  readonly rotation: number
  readonly parts: readonly number[]
}

export interface DiagonalSet {
  readonly diagonals: readonly Diagonal[]
  /** Writes the weights of one diagonal into `vector`, shifted right by `shift` slots (the giant step). */
  fill(index: number, shift: number, vector: Float64Array): void
}

/** Stands for a convolution's weight with this index: numbers that no sum of few others equals, the same for every network. */
export const numberOfWeight = (index: number): number => 1 + Math.sqrt(index + 2)

/** What a linear map must bring together: where its inputs are, where its outputs go, and over which lanes. */
export interface Placement {
  readonly from: Layout
  readonly to: Layout
  /** Each output slot has one partial sum per lane; they are added after the products. */
  readonly lanes: SlotGroup
}

interface Shift {
  readonly rotation: number
  readonly lane: number
}

/**
 * The smallest rotation that brings an element at slot `from` (in any replica) to an output at slot `to` (in
 * any lane): replicas may add multiples of their stride, lanes take multiples of theirs away. Slots, strides
 * and counts are powers of two, so this is arithmetic on bits.
 */
export class Shifts {
  readonly #slotMask: number
  readonly #replicaMask: number
  readonly #laneMask: number
  readonly #laneStride: number

  constructor({ from, lanes }: Placement) {
    this.#slotMask = from.slots - 1
    this.#replicaMask = (from.replicas.count - 1) * from.replicas.stride
    this.#laneMask = (lanes.count - 1) * lanes.stride
    this.#laneStride = lanes.stride
  }

  rotation(from: number, to: number): number {
    const shift = from - to
    return (shift + (-(shift & this.#replicaMask) & this.#replicaMask)) & this.#slotMask & ~this.#laneMask
  }

  between(from: number, to: number): Shift {
    const shift = from - to
    const nearest = (shift + (-(shift & this.#replicaMask) & this.#replicaMask)) & this.#slotMask
    return { rotation: nearest & ~this.#laneMask, lane: (nearest & this.#laneMask) / this.#laneStride }
  }
}

/** Products with zeros for the output ciphertexts that the diagonals leave out: only padding or nothing reaches them. */
export function zeroDiagonals(diagonals: readonly Diagonal[], ciphertexts: number): DiagonalSet {
  const reached = new Set(diagonals.map(({ output }) => output))
  const others = Array.from({ length: ciphertexts }, (_, output) => output).filter((output) => !reached.has(output))
  return { diagonals: others.map((output) => ({ input: 0, output, rotation: 0, parts: [0] })), fill() {} }
}

/** Calls back for every weight of a map, with flattened output and input elements. */
export type WeightWalk = (visit: (output: number, input: number, weight: number) => void) => void

/** Diagonals of any linear map, one weight at a time. */
export function elementDiagonals(walk: WeightWalk, placement: Placement): DiagonalSet {
  const { from, to, lanes } = placement
  const { slots } = from
  const fromPositions = positionsOf(from)
  const toPositions = positionsOf(to)
  const shifts = new Shifts(placement)
  const entries = new Map<number, Diagonal & { readonly slots: number[]; readonly weights: number[] }>()
  walk((output, input, weight) => {
    const at = fromPositions[input]
    const into = toPositions[output]
    const { rotation, lane } = shifts.between(at, into)
    const inputCiphertext = Math.floor(at / slots)
    const outputCiphertext = Math.floor(into / slots)
    const key = (outputCiphertext * from.ciphertexts + inputCiphertext) * slots + rotation
    let entry = entries.get(key)
    if (!entry) {
      entry = { input: inputCiphertext, output: outputCiphertext, rotation, parts: [rotation], slots: [], weights: [] }
      entries.set(key, entry)
    }
    entry.slots.push((into % slots) + lane * lanes.stride)
    entry.weights.push(weight)
  })
  const diagonals = [...entries.values()]
  return {
    diagonals,
    fill(index, shift, vector) {
      const { slots: at, weights } = diagonals[index]
      at.forEach((slot, k) => (vector[modulo(slot + shift, slots)] += weights[k]))
    },
  }
}

/**
 * Only which diagonals a map between all inputs and all outputs has: what the search needs. With `every` above
 * 1 only every so-manieth output is looked at, for a lower bound.
 */
export function elementRotations(placement: Placement, every = 1): Diagonal[] {
  const shifts = new Shifts(placement)
  const inputs = byCiphertext(placement.from)
  const outputs = byCiphertext(placement.to)
  const diagonals: Diagonal[] = []
  // Ciphertexts hold elements in the same slots, but for the last.
  const known = new Map<Int32Array, Map<Int32Array, number[]>>()
  for (const [output, into] of outputs.entries()) {
    const fromEach = getOrMake(known, into, () => new Map<Int32Array, number[]>())
    for (const [input, at] of inputs.entries()) {
      const rotations = getOrMake(fromEach, at, () => rotationsBetween(at, into, every, placement.from.slots, shifts))
      for (const rotation of rotations) diagonals.push({ input, output, rotation, parts: [rotation] })
    }
  }
  return diagonals
}

function rotationsBetween(from: Int32Array, to: Int32Array, every: number, slots: number, shifts: Shifts): number[] {
  const seen = new Uint8Array(slots)
  const rotations: number[] = []
  for (let o = 0; o < to.length; o += every) {
    for (let i = 0; i < from.length; i++) {
      const rotation = shifts.rotation(from[i], to[o])
      if (seen[rotation]) continue
      seen[rotation] = 1
      rotations.push(rotation)
    }
  }
  return rotations
}

/** The same for a sparse map: only what it connects. */
export function sparseRotations({ rowStarts, columns }: SparseMap, placement: Placement, every = 1): Diagonal[] {
  const { from, to } = placement
  const { slots } = from
  const shifts = new Shifts(placement)
  const fromPositions = positionsOf(from)
  const toPositions = positionsOf(to)
  // A bit for each rotation, of the pairs of ciphertexts that the map connects: all pairs of a wide network are too many.
  const seen: (Uint8Array | undefined)[] = []
  const diagonals: Diagonal[] = []
  for (let row = 0; row < toPositions.length; row += every) {
    const into = toPositions[row]
    const output = Math.floor(into / slots)
    for (let entry = rowStarts[row]; entry < rowStarts[row + 1]; entry++) {
      const at = fromPositions[columns[entry]]
      const input = Math.floor(at / slots)
      const rotation = shifts.rotation(at, into)
      const bits = (seen[output * from.ciphertexts + input] ??= new Uint8Array(Math.ceil(slots / 8)))
      const bit = 1 << (rotation % 8)
      if (bits[rotation >> 3] & bit) continue
      bits[rotation >> 3] |= bit
      diagonals.push({ input, output, rotation, parts: [rotation] })
    }
  }
  return diagonals
}

/** The search asks for the same layouts many times. */
const knownSlots = new WeakMap<Layout, Int32Array[]>()

/** Slots of a layout's elements, for each of its ciphertexts; the first's array for all that have the same. */
const byCiphertext = (layout: Layout): Int32Array[] => getOrMake(knownSlots, layout, () => slotsByCiphertext(layout))

function slotsByCiphertext(layout: Layout): Int32Array[] {
  const { slots, ciphertexts } = layout
  const positions = positionsOf(layout)
  const counts = new Int32Array(ciphertexts)
  for (const position of positions) counts[Math.floor(position / slots)]++
  const lists = Array.from(counts, (count) => new Int32Array(count))
  const filled = new Int32Array(ciphertexts)
  for (const position of positions) {
    const ciphertext = Math.floor(position / slots)
    lists[ciphertext][filled[ciphertext]++] = position % slots
  }
  const [first] = lists
  return lists.map((list) => (isEqual(list, first) ? first : list))
}

const isEqual = (list: Int32Array, other: Int32Array): boolean =>
  list.length === other.length && list.every((slot, i) => slot === other[i])
