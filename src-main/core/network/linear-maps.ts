import { invariant } from '../errors.ts'
import { isIdentity } from '../graph/rearrange.ts'
import type { ConvMap, LinearMap, Shape, SparseMap } from './layer-model.ts'
import { sizeOf } from './layer-model.ts'

/** Bounds the memory of an expanded map: 2^25 entries are 400 MB. */
const maximumEntries = 2 ** 25

const pointwise = { kind: 'conv', kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const

/** Multiplies each channel by its factor. */
export const channelScale = (factors: Float64Array): ConvMap => ({
  ...pointwise,
  weight: factors,
  groups: factors.length,
})

/** A 1 × 1 convolution that changes nothing. */
export const identityMap = (channels: number): ConvMap => channelScale(new Float64Array(channels).fill(1))

/** Multiplies each element by its factor: a ConvMap where the factors are equal within channels. */
export function elementScale(factors: Float64Array, shape: Shape): LinearMap {
  const perChannel = compressBias(factors, shape)
  if (perChannel.length === shape[0]) return channelScale(perChannel)
  const rowStarts = Int32Array.from({ length: factors.length + 1 }, (_, index) => index)
  return { kind: 'sparse', rowStarts, columns: rowStarts.slice(0, -1), values: factors }
}

/** One value per element → one per channel, where that says the same. */
export function compressBias(bias: Float64Array, shape: Shape): Float64Array {
  const run = shape[1] * shape[2]
  if (bias.length !== sizeOf(shape) || run === 1) return bias
  for (let index = 0; index < bias.length; index++) {
    if (bias[index] !== bias[index - (index % run)]) return bias
  }
  return Float64Array.from({ length: shape[0] }, (_, channel) => bias[channel * run])
}

/** One value per channel → one per element. */
export function expandBias(bias: Float64Array, shape: Shape): Float64Array {
  const run = sizeOf(shape) / bias.length
  return run === 1 ? bias : Float64Array.from({ length: sizeOf(shape) }, (_, index) => bias[Math.floor(index / run)])
}

/** output[i] = factor × input[order[i]], 0 where that is −1: a ConvMap where channels are moved, strided or padded whole. */
export function gatherMap(order: Int32Array | undefined, input: Shape, output: Shape, factor = 1): LinearMap {
  const size = sizeOf(output)
  invariant(order === undefined ? size === sizeOf(input) : order.length === size, 'gatherMap: one index per output')
  const sameShape = input.every((length, axis) => length === output[axis])
  if (sameShape && isIdentity(order, size)) return channelScale(new Float64Array(input[0]).fill(factor))
  return (order && gatherConv(order, input, output, factor)) ?? gatherSparse(order, size, factor)
}

function gatherSparse(order: Int32Array | undefined, size: number, factor: number): SparseMap {
  const rowStarts = new Int32Array(size + 1)
  for (let row = 0; row < size; row++) rowStarts[row + 1] = rowStarts[row] + (order && order[row] < 0 ? 0 : 1)
  const columns = order ? order.filter((index) => index >= 0) : Int32Array.from({ length: size }, (_, index) => index)
  return { kind: 'sparse', rowStarts, columns, values: new Float64Array(columns.length).fill(factor) }
}

/** The 1×1 convolution that equals the gather, where there is one. */
function gatherConv(order: Int32Array, input: Shape, output: Shape, factor: number): ConvMap | undefined {
  const [channels, height, width] = input
  const plane = output[1] * output[2]
  const grid = gridOf(order, input, output)
  if (!grid) return undefined
  const { strides, pads } = grid
  const from = new Int32Array(output[0])
  for (let channel = 0; channel < output[0]; channel++) {
    const rows = order.subarray(channel * plane, (channel + 1) * plane)
    const first = rows.find((index) => index >= 0)
    from[channel] = first === undefined ? -1 : Math.floor(first / (height * width))
    for (let position = 0; position < plane; position++) {
      const row = Math.floor(position / output[2]) * strides[0] - pads[0]
      const column = (position % output[2]) * strides[1] - pads[1]
      const inside = from[channel] >= 0 && row >= 0 && row < height && column >= 0 && column < width
      if (rows[position] !== (inside ? (from[channel] * height + row) * width + column : -1)) return undefined
    }
  }
  const ends = [0, 1].map((axis) =>
    Math.max(0, (output[axis + 1] - 1) * strides[axis] - pads[axis] + 1 - input[axis + 1]),
  )
  const geometry = { ...pointwise, strides, pads: [...pads, ...ends] as unknown as ConvMap['pads'] }
  if (channels === output[0] && isIdentity(from, channels)) {
    return { ...geometry, weight: new Float64Array(channels).fill(factor), groups: channels }
  }
  if (output[0] * channels > maximumEntries) return undefined
  const weight = new Float64Array(output[0] * channels)
  from.forEach((source, channel) => source >= 0 && (weight[channel * channels + source] = factor))
  return { ...geometry, weight, groups: 1 }
}

/** Strides and leading pads that the first channel with any element suggests; the caller checks every element. */
function gridOf(order: Int32Array, [, height, width]: Shape, output: Shape) {
  const first = order.findIndex((index) => index >= 0)
  if (first < 0) return undefined
  const [row, column] = [Math.floor(first / output[2]) % output[1], first % output[2]]
  const sourceRow = Math.floor(order[first] / width) % height
  const sourceColumn = order[first] % width
  const below = row + 1 < output[1] ? order[first + output[2]] : -1
  const right = column + 1 < output[2] ? order[first + 1] : -1
  const vertical = below < 0 ? 1 : Math.round((below - order[first]) / width)
  const horizontal = right < 0 ? 1 : right - order[first]
  const pads = [row * vertical - sourceRow, column * horizontal - sourceColumn] as const
  if (vertical < 1 || horizontal < 1 || pads[0] < 0 || pads[1] < 0) return undefined
  return { strides: [vertical, horizontal] as const, pads }
}

/** Whether `toSparse` holds the map. */
export const isExpandable = (map: LinearMap, input: Shape, output: Shape): boolean =>
  multiplicationsOf(map, input, output) <= maximumEntries

/** The same map as explicit rows. Throws InternalError where that would be too large. */
export function toSparse(map: LinearMap, input: Shape, output: Shape): SparseMap {
  if (map.kind === 'sparse') return map
  invariant(isExpandable(map, input, output), 'toSparse: the map is too large')
  const rowStarts = new Int32Array(sizeOf(output) + 1)
  const columns: number[] = []
  const values: number[] = []
  const places = map.kind === 'conv' ? placesOf(map, output[0]) : undefined
  const plane = output[1] * output[2]
  for (let row = 0; row < sizeOf(output); row++) {
    const add = (column: number, value: number): void => {
      if (value === 0) return
      columns.push(column)
      values.push(value)
    }
    if (map.kind === 'conv') eachConvEntry(map, input, output, row, add, places?.[Math.floor(row / plane)])
    else eachEntry(map, input, output, row, add)
    rowStarts[row + 1] = columns.length
  }
  return { kind: 'sparse', rowStarts, columns: Int32Array.from(columns), values: Float64Array.from(values) }
}

/** Of each output channel, the channels of its group that it reads at all: a 1 × 1 that selects is mostly zeros. */
function placesOf({ weight, kernel }: ConvMap, channels: number): number[][] {
  const taps = kernel[0] * kernel[1]
  const perGroup = weight.length / (channels * taps)
  const isRead = (channel: number, i: number): boolean => {
    const first = (channel * perGroup + i) * taps
    for (let at = first; at < first + taps; at++) if (weight[at] !== 0) return true
    return false
  }
  const all = Array.from({ length: perGroup }, (_, i) => i)
  return Array.from({ length: channels }, (_, channel) => all.filter((i) => isRead(channel, i)))
}

/** Visits one row of the map's matrix, zeros of the weights included. */
export function eachEntry(
  map: LinearMap,
  input: Shape,
  output: Shape,
  row: number,
  visit: (column: number, value: number) => void,
): void {
  if (map.kind === 'sparse') {
    for (let entry = map.rowStarts[row]; entry < map.rowStarts[row + 1]; entry++) {
      visit(map.columns[entry], map.values[entry])
    }
  } else if (map.kind === 'dense') {
    const inputs = sizeOf(input)
    for (let column = 0; column < inputs; column++) visit(column, map.weight[row * inputs + column])
  } else eachConvEntry(map, input, output, row, visit)
}

function eachConvEntry(
  map: ConvMap,
  [channels, height, width]: Shape,
  [outputChannels, outputHeight, outputWidth]: Shape,
  row: number,
  visit: (column: number, value: number) => void,
  places?: readonly number[],
): void {
  const channel = Math.floor(row / (outputHeight * outputWidth))
  const y = (Math.floor(row / outputWidth) % outputHeight) * map.strides[0] - map.pads[0]
  const x = (row % outputWidth) * map.strides[1] - map.pads[1]
  const perGroup = channels / map.groups
  const firstInput = Math.floor(channel / (outputChannels / map.groups)) * perGroup
  const [kernelHeight, kernelWidth] = map.kernel
  for (let place = 0; place < (places?.length ?? perGroup); place++) {
    const i = places?.[place] ?? place
    for (let ky = 0; ky < kernelHeight; ky++) {
      const inputRow = y + ky * map.dilations[0]
      if (inputRow < 0 || inputRow >= height) continue
      for (let kx = 0; kx < kernelWidth; kx++) {
        const inputColumn = x + kx * map.dilations[1]
        if (inputColumn < 0 || inputColumn >= width) continue
        const weight = map.weight[((channel * perGroup + i) * kernelHeight + ky) * kernelWidth + kx]
        visit(((firstInput + i) * height + inputRow) * width + inputColumn, weight)
      }
    }
  }
}

/** Multiplications by non-zero weights that one evaluation takes; padding counts for convolutions. */
export function multiplicationsOf(map: LinearMap, _input: Shape, output: Shape): number {
  if (map.kind === 'sparse') return map.values.length
  let nonZero = 0
  for (let index = 0; index < map.weight.length; index++) if (map.weight[index] !== 0) nonZero += 1
  return map.kind === 'dense' ? nonZero : nonZero * output[1] * output[2]
}

/** How many weights the map holds; weights that a convolution shares count once. */
export const parametersOf = (map: LinearMap): number => (map.kind === 'sparse' ? map.values : map.weight).length

/** Weights that are not a trained choice: 0 and 1 only, or one value for every tap of every channel (pooling). */
export function isStructural(map: LinearMap): boolean {
  if (map.kind === 'sparse') return true
  if (map.weight.every((weight) => weight === 0 || weight === 1)) return true
  return map.kind === 'conv' && map.groups > 1 && map.weight.every((weight) => weight === map.weight[0])
}
