import type { ConvGeometry, ConvMap, LinearMap, SparseMap } from '../network/layer-model.ts'
import { ciphertextOf, modulo, positionsOf, type Layout, type SlotGroup } from './layout.ts'

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
class Shifts {
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

/** Offsets between an output row (or column) and the input row that a tap reads; usually one per tap. */
interface TapShift {
  readonly tap: number
  readonly shift: number
  /** Output rows (or columns) to which this shift applies. */
  readonly at: readonly number[]
}

function tapShifts(
  kernel: number,
  stride: number,
  dilation: number,
  pad: number,
  from: Int32Array,
  to: Int32Array,
): TapShift[] {
  const shifts: TapShift[] = []
  for (let tap = 0; tap < kernel; tap++) {
    const byShift = new Map<number, number[]>()
    for (let out = 0; out < to.length; out++) {
      const at = out * stride + tap * dilation - pad
      if (at < 0 || at >= from.length) continue
      const shift = from[at] - to[out]
      const outputs = byShift.get(shift)
      if (outputs) outputs.push(out)
      else byShift.set(shift, [out])
    }
    for (const [shift, at] of byShift) shifts.push({ tap, shift, at })
  }
  return shifts
}

interface ChannelPair {
  readonly out: number
  readonly in: number
  readonly lane: number
}

interface ChannelShift {
  readonly input: number
  readonly output: number
  readonly rotation: number
  readonly pairs: ChannelPair[]
}

function channelShifts(map: ConvGeometry, inChannels: number, placement: Placement): ChannelShift[] {
  const { from, to } = placement
  const shiftsOf = new Shifts(placement)
  const [outChannels] = to.shape
  const inPerGroup = inChannels / map.groups
  const outPerGroup = outChannels / map.groups
  const shifts = new Map<number, ChannelShift>()
  for (let out = 0; out < outChannels; out++) {
    const firstIn = Math.floor(out / outPerGroup) * inPerGroup
    const output = ciphertextOf(to, out)
    for (let inChannel = firstIn; inChannel < firstIn + inPerGroup; inChannel++) {
      const input = ciphertextOf(from, inChannel)
      const { rotation, lane } = shiftsOf.between(from.channel[inChannel], to.channel[out])
      const key = (output * from.ciphertexts + input) * from.slots + rotation
      let shift = shifts.get(key)
      if (!shift) shifts.set(key, (shift = { input, output, rotation, pairs: [] }))
      shift.pairs.push({ out, in: inChannel, lane })
    }
  }
  return [...shifts.values()]
}

/**
 * Of a convolution, also where its weights differ by place: one diagonal for each distinct rotation, input ciphertext and output
 * ciphertext. `placement` says where inputs [C, H, W] and outputs stand; `fill` writes vectors of as many numbers as there are slots.
 */
export function convDiagonals(conv: ConvMap | PlacedConvolution, placement: Placement): DiagonalSet {
  const { from, to, lanes } = placement
  const [inChannels] = from.shape
  const map = conv.kind === 'sparse' ? conv.geometry : conv
  const inPerGroup = inChannels / map.groups
  const rows = tapShifts(map.kernel[0], map.strides[0], map.dilations[0], map.pads[0], from.row, to.row)
  const columns = tapShifts(map.kernel[1], map.strides[1], map.dilations[1], map.pads[1], from.column, to.column)
  interface Entry extends Diagonal {
    readonly sources: { readonly channel: ChannelShift; readonly row: TapShift; readonly column: TapShift }[]
  }
  const entries = new Map<number, Entry>()
  for (const channel of channelShifts(map, inChannels, placement)) {
    for (const row of rows) {
      for (const column of columns) {
        const rotation = modulo(channel.rotation + row.shift + column.shift, from.slots)
        const key = (channel.output * from.ciphertexts + channel.input) * from.slots + rotation
        let entry = entries.get(key)
        if (!entry) {
          const parts = [column.shift, row.shift, channel.rotation]
          entry = { input: channel.input, output: channel.output, rotation, parts, sources: [] }
          entries.set(key, entry)
        }
        entry.sources.push({ channel, row, column })
      }
    }
  }
  const diagonals = [...entries.values()]
  return {
    diagonals,
    fill(index, shift, vector) {
      for (const { channel, row, column } of diagonals[index].sources) {
        for (const pair of channel.pairs) {
          const tap =
            ((pair.out * inPerGroup + (pair.in % inPerGroup)) * map.kernel[0] + row.tap) * map.kernel[1] + column.tap
          const base = to.channel[pair.out] + pair.lane * lanes.stride + shift
          for (const y of row.at) {
            for (const x of column.at) {
              const slot = modulo(base + to.row[y] + to.column[x], to.slots)
              vector[slot] +=
                conv.kind === 'conv' ? conv.weight[tap] : weightAt(conv, placement, pair, row.tap, column.tap, y, x)
            }
          }
        }
      }
    },
  }
}

/** Products with zeros for the output ciphertexts that the diagonals leave out: only padding or nothing reaches them. */
export function zeroDiagonals(diagonals: readonly Diagonal[], ciphertexts: number): DiagonalSet {
  const reached = new Set(diagonals.map(({ output }) => output))
  const others = Array.from({ length: ciphertexts }, (_, output) => output).filter((output) => !reached.has(output))
  return { diagonals: others.map((output) => ({ input: 0, output, rotation: 0, parts: [0] })), fill() {} }
}

/** Only which diagonals convDiagonals has, in its order: what the search needs. */
export function convRotations(conv: ConvMap | PlacedConvolution, placement: Placement): Diagonal[] {
  const { from, to } = placement
  const map = conv.kind === 'sparse' ? conv.geometry : conv
  const rows = tapShifts(map.kernel[0], map.strides[0], map.dilations[0], map.pads[0], from.row, to.row)
  const columns = tapShifts(map.kernel[1], map.strides[1], map.dilations[1], map.pads[1], from.column, to.column)
  const { slots } = from
  const sums = rows.flatMap((row) =>
    columns.map((column) => ({ row, column, rotation: modulo(row.shift + column.shift, slots) })),
  )
  const taps = [...Map.groupBy(sums, ({ rotation }) => rotation).values()].map(([first]) => first)
  // A pool of the whole picture has as many taps as that has places, and an output for each: a million sums for each candidate.
  const rotations = Int32Array.from(taps, ({ rotation }) => rotation)
  const seen = new Uint8Array(to.ciphertexts * from.ciphertexts * slots)
  const diagonals: Diagonal[] = []
  for (const { input, output, rotation: ofChannels } of channelRotations(map, placement)) {
    const first = (output * from.ciphertexts + input) * slots
    for (let tap = 0; tap < rotations.length; tap++) {
      const sum = ofChannels + rotations[tap]
      const rotation = sum < slots ? sum : sum - slots
      if (seen[first + rotation]) continue
      seen[first + rotation] = 1
      const { row, column } = taps[tap]
      diagonals.push({ input, output, rotation, parts: [column.shift, row.shift, ofChannels] })
    }
  }
  return diagonals
}

/** The shifts of channelShifts, in its order. */
function channelRotations(
  map: ConvGeometry,
  placement: Placement,
): Pick<ChannelShift, 'input' | 'output' | 'rotation'>[] {
  const { from, to } = placement
  const shiftsOf = new Shifts(placement)
  const [inPerGroup, outPerGroup] = [from.shape[0] / map.groups, to.shape[0] / map.groups]
  const seen = new Uint8Array(to.ciphertexts * from.ciphertexts * from.slots)
  const shifts: Pick<ChannelShift, 'input' | 'output' | 'rotation'>[] = []
  for (let out = 0; out < to.shape[0]; out++) {
    const firstIn = Math.floor(out / outPerGroup) * inPerGroup
    const output = ciphertextOf(to, out)
    for (let inChannel = firstIn; inChannel < firstIn + inPerGroup; inChannel++) {
      const input = ciphertextOf(from, inChannel)
      const rotation = shiftsOf.rotation(from.channel[inChannel], to.channel[out])
      const key = (output * from.ciphertexts + input) * from.slots + rotation
      if (seen[key]) continue
      seen[key] = 1
      shifts.push({ input, output, rotation })
    }
  }
  return shifts
}

export type PlacedConvolution = SparseMap & { readonly geometry: ConvGeometry }

export const isPlacedConvolution = (map: LinearMap): map is PlacedConvolution =>
  map.kind === 'sparse' && map.geometry !== undefined

/**
 * The weight with which an output element reads the input under a tap; 0 where the map has none. Asked for every slot of every
 * vector of a plan: it makes no objects.
 */
function weightAt(
  { geometry, rowStarts, columns, values }: PlacedConvolution,
  { from, to }: Placement,
  pair: ChannelPair,
  rowTap: number,
  columnTap: number,
  y: number,
  x: number,
): number {
  const { strides, dilations, pads } = geometry
  const inputY = y * strides[0] + rowTap * dilations[0] - pads[0]
  const inputX = x * strides[1] + columnTap * dilations[1] - pads[1]
  const wanted = (pair.in * from.shape[1] + inputY) * from.shape[2] + inputX
  const row = (pair.out * to.shape[1] + y) * to.shape[2] + x
  const end = rowStarts[row + 1]
  let [low, high] = [rowStarts[row], end]
  while (low < high) {
    const middle = (low + high) >> 1
    if (columns[middle] < wanted) low = middle + 1
    else high = middle
  }
  return low < end && columns[low] === wanted ? values[low] : 0
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
  const { from, to } = placement
  const { slots } = from
  const shifts = new Shifts(placement)
  const inputs = byCiphertext(from)
  const outputs = byCiphertext(to)
  const seen = new Uint8Array(slots)
  const diagonals: Diagonal[] = []
  for (let output = 0; output < outputs.length; output++) {
    for (let input = 0; input < inputs.length; input++) {
      seen.fill(0)
      for (let o = 0; o < outputs[output].length; o += every) {
        for (const slot of inputs[input]) {
          const rotation = shifts.rotation(slot, outputs[output][o])
          if (seen[rotation]) continue
          seen[rotation] = 1
          diagonals.push({ input, output, rotation, parts: [rotation] })
        }
      }
    }
  }
  return diagonals
}

/** The same for a sparse map: only what it connects. */
export function sparseRotations({ rowStarts, columns }: SparseMap, placement: Placement, every = 1): Diagonal[] {
  const { from, to } = placement
  const { slots } = from
  const shifts = new Shifts(placement)
  const fromPositions = positionsOf(from)
  const toPositions = positionsOf(to)
  const diagonals = new Map<number, Diagonal>()
  for (let row = 0; row < toPositions.length; row += every) {
    for (let entry = rowStarts[row]; entry < rowStarts[row + 1]; entry++) {
      const at = fromPositions[columns[entry]]
      const rotation = shifts.rotation(at, toPositions[row])
      const [input, output] = [Math.floor(at / slots), Math.floor(toPositions[row] / slots)]
      diagonals.set((output * from.ciphertexts + input) * slots + rotation, {
        input,
        output,
        rotation,
        parts: [rotation],
      })
    }
  }
  return [...diagonals.values()]
}

/** Slots of a layout's elements, for each of its ciphertexts. */
function byCiphertext(layout: Layout): Int32Array[] {
  const slots: number[][] = Array.from({ length: layout.ciphertexts }, () => [])
  for (const position of positionsOf(layout)) slots[Math.floor(position / layout.slots)].push(position % layout.slots)
  return slots.map((list) => Int32Array.from(list))
}
