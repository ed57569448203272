import type { ConvMap, LinearLayer, LinearMap, Shape } from '../network/layer-model.ts'
import { isStructural } from '../network/linear-maps.ts'

/** The weights of one term that one set of output rows reads: a group of a convolution, or a dense map. */
export interface Block {
  readonly term: number
  /** First weight of the row's block in the term's weights, by output row. */
  readonly weightAt: (row: number) => number
  readonly size: number
  /** Writes the `size` inputs that the block multiplies at one output position. */
  readonly gather: (input: Float64Array, position: number, into: Float64Array, at: number) => void
}

/** Output rows (channels, or elements of a dense layer) that share their features. */
export interface RowGroup {
  readonly rows: readonly number[]
  readonly blocks: readonly Block[]
}

/**
 * Divides a linear layer's outputs into groups that read the same features through weights that may change.
 * Structural terms (identities, poolings, concatenations, sparse maps) stay as they are. `positions` is the number of
 * places that share the weights: the output's plane, or 1 for a dense layer.
 */
export function rowGroups(
  layer: LinearLayer,
  inShapes: readonly Shape[],
): { groups: RowGroup[]; positions: number } | undefined {
  const free = layer.terms.map(({ map }, term) => ({ map, term })).filter(({ map }) => !isStructural(map))
  const plane = layer.shape[1] * layer.shape[2]
  const dense = free.some(({ map }) => map.kind === 'dense')
  if (free.length === 0 || (dense && (plane !== 1 || free.some(({ map }) => map.kind !== 'dense')))) return undefined
  const groups = new Map<string, { rows: number[]; blocks: Block[] }>()
  for (let row = 0; row < layer.shape[0]; row++) {
    const active = free.filter(({ map }) => rowIsUsed(map, row, layer.shape[0]))
    if (active.length === 0) continue
    const key = active.map(({ map, term }) => `${term}:${groupOf(map, row, layer.shape[0])}`).join(' ')
    const known = groups.get(key)
    if (known) known.rows.push(row)
    else {
      const blocks = active.map(({ map, term }) => blockOf(map, term, row, inShapes[term], layer.shape))
      groups.set(key, { rows: [row], blocks })
    }
  }
  return { groups: [...groups.values()], positions: plane }
}

const rowLength = (map: { readonly weight: Float64Array }, rows: number): number => map.weight.length / rows

function rowIsUsed(map: LinearMap, row: number, rows: number): boolean {
  if (map.kind === 'sparse') return false
  const length = rowLength(map, rows)
  return map.weight.subarray(row * length, (row + 1) * length).some((weight) => weight !== 0)
}

const groupOf = (map: LinearMap, row: number, rows: number): number =>
  map.kind === 'conv' ? Math.floor((row * map.groups) / rows) : 0

function blockOf(map: LinearMap, term: number, row: number, inShape: Shape, outShape: Shape): Block {
  if (map.kind === 'conv') return convBlock(map, term, groupOf(map, row, outShape[0]), inShape, outShape)
  const size = inShape[0] * inShape[1] * inShape[2]
  return { term, size, weightAt: (r) => r * size, gather: (input, _position, into, at) => into.set(input, at) }
}

function convBlock(map: ConvMap, term: number, group: number, inShape: Shape, outShape: Shape): Block {
  const [, height, width] = inShape
  const [kernelHeight, kernelWidth] = map.kernel
  const perGroup = inShape[0] / map.groups
  const first = group * perGroup
  const size = perGroup * kernelHeight * kernelWidth
  return {
    term,
    size,
    weightAt: (row) => row * size,
    gather(input, position, into, at) {
      const top = Math.floor(position / outShape[2]) * map.strides[0] - map.pads[0]
      const left = (position % outShape[2]) * map.strides[1] - map.pads[1]
      for (let c = first; c < first + perGroup; c++) {
        for (let i = 0; i < kernelHeight; i++) {
          const y = top + i * map.dilations[0]
          for (let j = 0; j < kernelWidth; j++) {
            const x = left + j * map.dilations[1]
            const inside = y >= 0 && y < height && x >= 0 && x < width
            into[at++] = inside ? input[(c * height + y) * width + x] : 0
          }
        }
      }
    },
  }
}
