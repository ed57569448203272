/** Diagonals of convolutions, by channel, row and column: diagonals.ts says what a diagonal is. */
import type { ConvGeometry, ConvMap, LinearMap, SparseMap } from '../network/layer-model.ts'
import { Shifts, type Diagonal, type DiagonalSet, type Placement } from './diagonals.ts'
import { ciphertextOf, modulo } from './layout.ts'

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
