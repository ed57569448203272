import type { ConvMap, Shape } from '../normalise/layer-model.ts'
import { ciphertextOf, modulo, positionsOf, type Layout, type SlotGroup } from './layout.ts'

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
 * The smallest rotation that brings an element at `from` (in any replica) to an output at `to` (in any lane):
 * replicas may add multiples of their stride, lanes take multiples of theirs away.
 */
function shiftBetween(from: number, to: number, placement: Placement): Shift {
  const { slots, replicas } = placement.from
  const { lanes } = placement
  let rotation = modulo(from - to, slots)
  if (replicas.count > 1) {
    const behind = Math.floor(rotation / replicas.stride) % replicas.count
    rotation = (rotation + ((replicas.count - behind) % replicas.count) * replicas.stride) % slots
  }
  const lane = Math.floor(rotation / lanes.stride) % lanes.count
  return { rotation: rotation - lane * lanes.stride, lane }
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

function channelShifts(map: ConvMap, inChannels: number, placement: Placement): ChannelShift[] {
  const { from, to } = placement
  const [outChannels] = to.shape
  const inPerGroup = inChannels / map.groups
  const outPerGroup = outChannels / map.groups
  const shifts = new Map<number, ChannelShift>()
  for (let out = 0; out < outChannels; out++) {
    const firstIn = Math.floor(out / outPerGroup) * inPerGroup
    const output = ciphertextOf(to, out)
    for (let inChannel = firstIn; inChannel < firstIn + inPerGroup; inChannel++) {
      const input = ciphertextOf(from, inChannel)
      const { rotation, lane } = shiftBetween(from.channel[inChannel], to.channel[out], placement)
      const key = (output * from.ciphertexts + input) * from.slots + rotation
      let shift = shifts.get(key)
      if (!shift) shifts.set(key, (shift = { input, output, rotation, pairs: [] }))
      shift.pairs.push({ out, in: inChannel, lane })
    }
  }
  return [...shifts.values()]
}

export function convDiagonals(map: ConvMap, placement: Placement): DiagonalSet {
  const { from, to, lanes } = placement
  const [inChannels] = from.shape
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
          const weight = map.weight[tap]
          const base = to.channel[pair.out] + pair.lane * lanes.stride + shift
          for (const y of row.at) {
            for (const x of column.at) vector[modulo(base + to.row[y] + to.column[x], to.slots)] += weight
          }
        }
      }
    },
  }
}

/** Calls back for every weight of a map, with flattened output and input elements. */
export type WeightWalk = (visit: (output: number, input: number, weight: number) => void) => void

/** Diagonals of any linear map, one weight at a time. */
export function elementDiagonals(walk: WeightWalk, placement: Placement): DiagonalSet {
  const { from, to, lanes } = placement
  const { slots } = from
  const fromPositions = positionsOf(from)
  const toPositions = positionsOf(to)
  const entries = new Map<number, Diagonal & { readonly slots: number[]; readonly weights: number[] }>()
  walk((output, input, weight) => {
    const at = fromPositions[input]
    const into = toPositions[output]
    const { rotation, lane } = shiftBetween(at % slots, into % slots, placement)
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

/** Only which diagonals exist: what the search needs, without the weights. Input and output counts are of elements. */
export function elementRotations(outputs: number, inputs: number, placement: Placement): Diagonal[] {
  const { from, to } = placement
  const { slots } = from
  const fromPositions = positionsOf(from)
  const toPositions = positionsOf(to)
  const seen = new Uint8Array(from.ciphertexts * to.ciphertexts * slots)
  const diagonals: Diagonal[] = []
  for (let o = 0; o < outputs; o++) {
    const output = Math.floor(toPositions[o] / slots)
    for (let i = 0; i < inputs; i++) {
      const input = Math.floor(fromPositions[i] / slots)
      const { rotation } = shiftBetween(fromPositions[i] % slots, toPositions[o] % slots, placement)
      const key = (output * from.ciphertexts + input) * slots + rotation
      if (seen[key]) continue
      seen[key] = 1
      diagonals.push({ input, output, rotation, parts: [rotation] })
    }
  }
  return diagonals
}

export const sameShape = (a: Shape, b: Shape): boolean => a.every((value, i) => value === b[i])
