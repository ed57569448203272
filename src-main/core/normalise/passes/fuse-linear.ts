import { composeLinear, staysConvolution } from '../../network/compose-linear.ts'
import { sizeOf, type LayerModel, type LinearLayer, type LinearMap, type Shape } from '../../network/layer-model.ts'
import { multiplicationsOf, parametersOf } from '../../network/linear-maps.ts'
import { inputsOf, shapesOf } from '../../network/run-layers.ts'
import { must } from '../../must.ts'

type Layer = LayerModel['layers'][number]

/** Larger products are not worth their memory. */
const maximumWeights = 2 ** 25
const maximumEntries = 2 ** 20

/**
 * Fuse consecutive linear layers.
 * Before: y = A(x) + a, z = B(y) + b. After: z = (B∘A)(x) + (B(a) + b). In particular:
 * - batch normalisation, B = scale: its factors go into A's rows, its shift into the bias;
 * - preprocessing, A = scale: its factors go into B's columns, its shift, seen through B's padding, into the bias;
 * - residual sums, concatenations, slices and pads: their terms are A's terms, moved.
 * Conditions: only z reads y, y is not the output, the product takes no more multiplications than both did, and
 * neither is a pooling (which the planner does by rotations) unless the other only scales or moves.
 * Formula: linearity; see composeLinear.
 */
export function fuseLinear(model: LayerModel): LayerModel {
  const shapes = shapesOf(model)
  const shapeOf = (id: string): Shape => must(shapes, id)
  const readers = new Map<string, number>()
  for (const layer of model.layers) {
    for (const id of inputsOf(layer)) readers.set(id, (readers.get(id) ?? 0) + 1)
  }
  const layers = new Map<string, Layer>()
  /** Of each layer so far. A list is taken over by the layer that takes the layer in: copies would make long chains slow. */
  const sources = new Map<string, string[]>()
  for (const layer of model.layers) {
    let fused: Layer = { ...layer, sources: [] }
    let names = [...layer.sources]
    for (let found: LinearLayer | undefined; fused.kind === 'linear' && (found = candidate(fused));) {
      fused = composeLinear(found, fused, shapeOf)
      layers.delete(found.id)
      const first = must(sources, found.id)
      for (const name of names) first.push(name)
      names = first
    }
    layers.set(layer.id, fused)
    sources.set(layer.id, names)
  }
  const named = [...layers.values()].map((layer) => ({ ...layer, sources: [...new Set(must(sources, layer.id))] }))
  return { ...model, layers: named }

  function candidate(second: LinearLayer): LinearLayer | undefined {
    for (const { input, map } of second.terms) {
      const first = layers.get(input)
      if (first?.kind !== 'linear' || readers.get(input) !== 1 || input === model.output) continue
      if (isCheaper(first, second, map, shapeOf)) return first
    }
    return undefined
  }
}

function isCheaper(first: LinearLayer, second: LinearLayer, map: LinearMap, shapeOf: (id: string) => Shape): boolean {
  const secondCost = multiplicationsOf(map, first.shape, second.shape)
  return first.terms.every((term) => {
    const input = shapeOf(term.input)
    const firstCost = multiplicationsOf(term.map, input, first.shape)
    const isDense = map.kind === 'dense' || term.map.kind === 'dense'
    const isConvolution =
      map.kind === 'conv' && term.map.kind === 'conv' && staysConvolution(term.map, map, input, first.shape)
    if (isTrivial(term.map, input, first.shape) || isTrivial(map, first.shape, second.shape)) {
      if (isConvolution) return true
      const weights = Math.max(parametersOf(map), parametersOf(term.map))
      if (isDense) return sizeOf(input) * sizeOf(second.shape) <= Math.max(maximumEntries, 2 * weights)
      return Math.max(firstCost, secondCost) <= maximumEntries
    }
    if (isPooling(term.map, input) || isPooling(map, first.shape)) return false
    const product = productCost(term.map, map, input, second.shape)
    return product <= (isDense || isConvolution ? maximumWeights : maximumEntries) && product <= firstCost + secondCost
  })
}

/** At most one multiplication per output, and none that reads an element twice: scales, moves, drops. */
function isTrivial(map: LinearMap, input: Shape, output: Shape): boolean {
  if (map.kind === 'conv') {
    const isPointwise = map.kernel[0] * map.kernel[1] === 1
    return (
      isPointwise && (map.groups === input[0] ? output[0] === input[0] : isSelection(map.weight, input[0] / map.groups))
    )
  }
  if (map.kind === 'dense') return false
  const seen = new Uint8Array(sizeOf(input))
  for (let row = 0; row + 1 < map.rowStarts.length; row++) {
    if (map.rowStarts[row + 1] - map.rowStarts[row] > 1) return false
  }
  return map.columns.every((column) => seen[column]++ === 0)
}

/** Rows of a matrix with at most one entry each, in different columns. */
function isSelection(weight: Float64Array, columns: number): boolean {
  const used = new Set<number>()
  for (let row = 0; row * columns < weight.length; row++) {
    const entries = weight.subarray(row * columns, (row + 1) * columns)
    const first = entries.findIndex((value) => value !== 0)
    if (first < 0) continue
    if (used.has(first) || entries.findLastIndex((value) => value !== 0) !== first) return false
    used.add(first)
  }
  return true
}

const isPooling = (map: LinearMap, input: Shape): boolean =>
  map.kind === 'conv' &&
  map.groups === input[0] &&
  map.kernel[0] * map.kernel[1] > 1 &&
  map.weight.every((value) => value === map.weight[0])

/** An upper bound on the multiplications of the product, without computing it. */
function productCost(first: LinearMap, second: LinearMap, input: Shape, output: Shape): number {
  const dense = sizeOf(input) * sizeOf(output)
  if (first.kind !== 'conv' || second.kind !== 'conv' || second.pads.some((pad) => pad > 0)) return dense
  const reach = (axis: number): number =>
    (first.kernel[axis] - 1) * first.dilations[axis] +
    (second.kernel[axis] - 1) * second.dilations[axis] * first.strides[axis] +
    1
  return Math.min(dense, input[0] * sizeOf(output) * reach(0) * reach(1))
}
