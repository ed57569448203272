import type { ConvGeometry, Shape } from '../network/layer-model.ts'
import { affine, nextPowerOfTwo, signatureOf, single, spreadLayouts, type Layout, type SlotGroup } from './layout.ts'
import { present } from '../must.ts'

/** An output layout before its lanes are folded, and the lanes. */
export interface OutputCandidate {
  readonly layout: Layout
  readonly lanes: SlotGroup
}

/** Layouts for the result of the first linear map, whose input the edge packs as it is asked to. */
export function firstCandidates(shape: Shape, slots: number): OutputCandidate[] {
  const grids = spacedGrids(shape, slots)
  return [...freeCandidates(shape, slots), ...grids.flatMap((grid) => gridCandidates(shape, slots, grid))]
}

/**
 * The grid by itself, and with room for channels in the lowest bits, or between columns and rows: then weights repeat over
 * rows, and each need be sent only once (compact.ts).
 */
function spacedGrids(shape: Shape, slots: number, least = 2, most = slots): RowsAndColumns[] {
  const { row, column } = ownGrid(shape)
  const grids: RowsAndColumns[] = [{ row, column }]
  for (let unit = least; unit <= most && unit * (present(row.at(-1)) + present(column.at(-1))) < slots; unit *= 2) {
    const apart = row.map((offset) => offset * unit)
    grids.push({ row: apart, column: column.map((offset) => offset * unit) })
    if (row.length > 1) grids.push({ row: apart, column })
  }
  return grids
}

/** Layouts for a tensor by itself. */
function freeCandidates(shape: Shape, slots: number): OutputCandidate[] {
  const candidates: OutputCandidate[] = []
  for (const grid of grids(shape)) {
    for (const phases of grid.phases) {
      const perCiphertext = Math.floor(slots / (phases * phases) / grid.channelStride)
      if (perCiphertext < 1) continue
      const channels = Math.min(shape[0], perCiphertext)
      const period = nextPowerOfTwo(channels * grid.channelStride)
      const channel = Int32Array.from(
        { length: shape[0] },
        (_, c) => Math.floor(c / channels) * slots + (c % channels) * grid.channelStride,
      )
      const ciphertexts = Math.ceil(shape[0] / channels)
      const layout: Layout = {
        shape,
        slots,
        ciphertexts,
        channel,
        ...spaceToDepth(grid, phases, slots),
        replicas: single,
        clean: true,
      }
      if (phases > 1) candidates.push({ layout, lanes: single })
      else
        for (let count = 1; count * period <= slots; count *= 2)
          candidates.push({ layout, lanes: { stride: slots / count, count } })
    }
  }
  return candidates
}

/** Layouts for the network's input: whoever packs it fills the replicas too. `border` is what its readers pad it by. */
export function tensorLayouts(shape: Shape, slots: number, border: Border = [0, 0]): Layout[] {
  const layouts = freeCandidates(shape, slots).map(foldedLayout)
  const copied = layouts.flatMap((layout) => spreadLayouts(layout).map((copies) => copies.layout))
  // One channel leaves room for those of its reader, several for themselves.
  const channels = nextPowerOfTwo(shape[0])
  const grids =
    channels === 1
      ? spacedGrids(shape, slots).slice(1)
      : [...spacedGrids(shape, slots, channels, channels).slice(1), ...borderedGrids(shape, slots, border)]
  const spaced = grids.flatMap((grid) => filledGrid(shape, slots, grid))
  return [...new Map([...layouts, ...copied, ...spaced].map((layout) => [signatureOf(layout), layout])).values()]
}

/** Rows above or below, and columns to the left or right, whichever are more. */
export type Border = readonly [height: number, width: number]

/**
 * With as many channels in the lowest bits as fit beside rows and columns, and zeros between rows which serve as the border of
 * both: then a convolution's weights repeat at borders too.
 */
function borderedGrids(shape: Shape, slots: number, border: Border): RowsAndColumns[] {
  const [channels, height, width] = shape
  const rowStrides = new Set([nextPowerOfTwo(width), width + border[1]])
  return [...rowStrides].flatMap((rowStride) => {
    const room = slots / ((height + border[0]) * rowStride)
    if (room < 1) return []
    const unit = Math.min(2 ** Math.floor(Math.log2(room)), nextPowerOfTwo(channels))
    return [{ row: affine(height, unit * rowStride), column: affine(width, unit) }]
  })
}

/** With channels in the lowest free bits, alone and with as many copies as there is room for above them. */
function filledGrid(shape: Shape, slots: number, grid: RowsAndColumns): Layout[] {
  const [candidate] = gridCandidates(shape, slots, grid)
  if (!candidate) return []
  const copies = spreadLayouts(candidate.layout).map(({ layout }) => layout)
  const nearest = copies.filter(({ replicas }) => replicas.stride === copies[0].replicas.stride)
  return [candidate.layout, ...nearest.slice(-1)]
}

/** Whether a layout is on a spaced grid, or has the rows of one. */
export const isSpaced = ({ shape: [, height, width], row, column }: Layout): boolean =>
  (width > 1 && column[1] > 1 && column[1] < nextPowerOfTwo(width) * nextPowerOfTwo(height)) ||
  (height > 1 && row[1] > nextPowerOfTwo(width) && row[1] < nextPowerOfTwo(width) * nextPowerOfTwo(height))

interface Grid {
  readonly height: number
  readonly width: number
  readonly rowStride: number
  readonly channelStride: number
  /** Strides of a following pool for which rows and columns may be split into phases. */
  readonly phases: readonly number[]
}

function grids([, height, width]: Shape): Grid[] {
  const evenWidth = nextPowerOfTwo(width)
  const evenHeight = nextPowerOfTwo(height)
  const flat: Grid = { height, width, rowStride: width, channelStride: height * width, phases: [1] }
  const even: Grid = { height, width, rowStride: evenWidth, channelStride: evenHeight * evenWidth, phases: [1] }
  const halfWidth = nextPowerOfTwo(Math.ceil(width / 2))
  const halfHeight = nextPowerOfTwo(Math.ceil(height / 2))
  const phased: Grid = { height, width, rowStride: halfWidth, channelStride: halfHeight * halfWidth, phases: [2] }
  const distinct = even.channelStride === flat.channelStride ? [flat] : [flat, even]
  return height > 1 && width > 1 ? [...distinct, phased] : distinct
}

/** With 2 × 2 phases at the top of the slots, pooling by 2 is two rotations and leaves four replicas. */
function spaceToDepth(grid: Grid, phases: number, slots: number): Pick<Layout, 'row' | 'column'> {
  if (phases === 1) return { row: affine(grid.height, grid.rowStride), column: affine(grid.width, 1) }
  const half = slots / 2
  return {
    row: Int32Array.from({ length: grid.height }, (_, y) => (y % 2) * half + (y >> 1) * grid.rowStride),
    column: Int32Array.from({ length: grid.width }, (_, x) => (x % 2) * (half / 2) + (x >> 1)),
  }
}

/**
 * Layouts for the output of a map applied to `from`: rows and columns stay where the input's are (strides
 * leave gaps), channels and lanes take the slot-number bits that rows and columns leave free. Padding may make an output wider
 * than the input's rows are apart: then it has a grid of its own.
 */
export function outputCandidates(from: Layout, map: ConvGeometry | undefined, shape: Shape): OutputCandidate[] {
  const grid = map ? keptGrid(from, map, shape) : ownGrid(shape)
  return grid ? gridCandidates(shape, from.slots, overlaps(grid) ? ownGrid(shape) : grid) : []
}

/** Whether two elements of a channel are in one slot. */
function overlaps({ row, column }: RowsAndColumns): boolean {
  const areApart = (offsets: Int32Array, by: number): boolean =>
    offsets.every((offset, i) => i === 0 || offset - offsets[i - 1] > by)
  if (areApart(column, 0) && areApart(row, column[column.length - 1])) return false
  const taken = new Set<number>()
  for (const y of row) for (const x of column) taken.add(y + x)
  return taken.size < row.length * column.length
}

type RowsAndColumns = Pick<Layout, 'row' | 'column'>

function ownGrid([, height, width]: Shape): RowsAndColumns {
  return { row: affine(height, nextPowerOfTwo(width)), column: affine(width, 1) }
}

function keptGrid(from: Layout, map: ConvGeometry, [, height, width]: Shape): RowsAndColumns | undefined {
  const row = strided(from.row, map.strides[0], height)
  const column = strided(from.column, map.strides[1], width)
  return row && column && { row, column }
}

function strided(offsets: Int32Array, stride: number, count: number): Int32Array | undefined {
  if ((count - 1) * stride < offsets.length) return Int32Array.from({ length: count }, (_, i) => offsets[i * stride])
  const step = offsets.length > 1 ? offsets[1] : 1
  return offsets.every((offset, i) => offset === i * step) ? affine(count, step * stride) : undefined
}

function gridCandidates(shape: Shape, slots: number, { row, column }: RowsAndColumns): OutputCandidate[] {
  let used = 0
  for (const y of row) for (const x of column) used |= y + x
  if (used >= slots) return []
  const free: number[] = []
  for (let bit = 1; bit < slots; bit *= 2) if (!(used & bit)) free.push(bit)
  const candidates: OutputCandidate[] = []
  for (const lanes of laneWindows(free, slots)) {
    const rest = free.filter((bit) => bit < lanes.stride || bit >= lanes.stride * lanes.count)
    for (const bits of [rest, [...rest].reverse()]) {
      const channel = channelOffsets(shape[0], bits, slots)
      const ciphertexts = Math.ceil(shape[0] / 2 ** bits.length)
      if (ciphertexts > 1 && lanes.count > 1) continue
      candidates.push({
        layout: { shape, slots, ciphertexts, channel, row, column, replicas: single, clean: true },
        lanes,
      })
      if (rest.length < 2) break
    }
  }
  return candidates
}

function laneWindows(free: readonly number[], slots: number): SlotGroup[] {
  const windows: SlotGroup[] = [single]
  free.forEach((stride, i) => {
    for (
      let count = 2, j = i;
      j < free.length && free[j] === (stride * count) / 2 && stride * count <= slots;
      count *= 2, j++
    ) {
      windows.push({ stride, count })
    }
  })
  return windows
}

/** Channel c takes the given slot bits, lowest bit of c first; what does not fit goes to further ciphertexts. */
function channelOffsets(channels: number, bits: readonly number[], slots: number): Int32Array {
  return Int32Array.from({ length: channels }, (_, c) => {
    let offset = (c >> bits.length) * slots
    bits.forEach((bit, i) => (offset += (c >> i) & 1 ? bit : 0))
    return offset
  })
}

/** The layout once the lanes' partial sums are added. */
export function foldedLayout({ layout, lanes }: OutputCandidate): Layout {
  if (lanes.count === 1) return layout
  const cyclic = lanes.stride * lanes.count === layout.slots
  return { ...layout, replicas: cyclic ? lanes : single, clean: cyclic }
}
