import { activationTable } from '../network/activation-table.ts'
import { expandBias } from '../network/linear-maps.ts'
import { boundsOf } from './passes/join-clamps.ts'
import {
  INPUT,
  sizeOf,
  type LayerId,
  type LayerModel,
  type LinearLayer,
  type LinearMap,
} from '../network/layer-model.ts'

/** The least and the greatest value of a layer, over all its elements. */
export type Range = readonly [least: number, greatest: number]

const unbounded: Range = [-Infinity, Infinity]

const hull = (a: Range, b: Range): Range => [Math.min(a[0], b[0]), Math.max(a[1], b[1])]

/** What each layer's values cannot leave, whatever the input is, by interval arithmetic. */
export function possibleRanges(model: LayerModel): Map<LayerId, Range> {
  const ranges = new Map<LayerId, Range>([[INPUT, unbounded]])
  for (const layer of model.layers) {
    const read = (id: LayerId): Range => ranges.get(id) ?? unbounded
    ranges.set(layer.id, layer.kind === 'linear' ? linearRange(layer, read) : pointwiseRange(layer, read(layer.input)))
  }
  return ranges
}

function pointwiseRange(layer: Exclude<LayerModel['layers'][number], LinearLayer>, input: Range): Range {
  if (layer.kind === 'max-pool') return input
  const { activation } = layer
  const range = activationTable[activation.operator]?.range
  if (range) return range
  const bounds = boundsOf(activation)
  const held = (x: number): number => Math.min(bounds?.max ?? x, Math.max(bounds?.min ?? x, x))
  return bounds ? [held(input[0]), held(input[1])] : unbounded
}

/** Each row of weights by itself: positive weights take one end of the input's range, negative ones the other. */
function linearRange({ terms, bias, shape }: LinearLayer, read: (id: LayerId) => Range): Range {
  const byChannel = terms.every(({ map }) => map.kind === 'conv')
  const least = Float64Array.from(byChannel ? bias : expandBias(bias, shape))
  const greatest = Float64Array.from(least)
  for (const { input, map } of terms) {
    const range = read(input)
    if (!range.every(Number.isFinite)) return unbounded
    // Where the window reaches into padding, some of its taps read zero.
    const [low, high] = map.kind === 'conv' && map.pads.some((pad) => pad > 0) ? hull(range, [0, 0]) : range
    const sums = rowSums(map, map.kind === 'conv' ? shape[0] : sizeOf(shape))
    const run = least.length / sums.length
    for (let index = 0; index < least.length; index++) {
      const { positive, negative } = sums[Math.floor(index / run)]
      least[index] += positive * low - negative * high
      greatest[index] += positive * high - negative * low
    }
  }
  return [least.reduce((a, b) => Math.min(a, b), Infinity), greatest.reduce((a, b) => Math.max(a, b), -Infinity)]
}

interface RowSums {
  positive: number
  negative: number
}

/** Sums of positive and of negative weights of each output channel of a convolution, or of each row of a matrix. */
function rowSums(map: LinearMap, rows: number): RowSums[] {
  const values = map.kind === 'sparse' ? map.values : map.weight
  const start = (row: number): number => (map.kind === 'sparse' ? map.rowStarts[row] : (row * values.length) / rows)
  return Array.from({ length: rows }, (_, row) => {
    const sums: RowSums = { positive: 0, negative: 0 }
    for (let at = start(row); at < start(row + 1); at++) {
      if (values[at] > 0) sums.positive += values[at]
      else sums.negative -= values[at]
    }
    return sums
  })
}
