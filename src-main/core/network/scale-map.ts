import { must } from '../must.ts'
import { sizeOf } from './layer-model.ts'
import type { ConvGeometry, ConvMap, LayerModel, LinearMap, Shape } from './layer-model.ts'
import { isExpandable, toSparse } from './linear-maps.ts'
import { shapesOf } from './run-layers.ts'

/** Whether what activations make may be scaled by element: convolutions that read them are written out then. */
export function canScaleElements(model: LayerModel): boolean {
  const shapes = shapesOf(model)
  const activated = new Set(model.layers.flatMap(({ kind, id }) => (kind === 'activation' ? [id] : [])))
  return model.layers.every(
    (layer) =>
      layer.kind !== 'linear' ||
      layer.terms.every(
        ({ input, map }) =>
          map.kind !== 'conv' || !activated.has(input) || isExpandable(map, must(shapes, input), layer.shape),
      ),
  )
}

/** The map of diag(rowScale) · map · diag(columnScale): one value per channel, of the columns also one per element. */
export function scaleMap(
  map: LinearMap,
  [inShape, outShape]: readonly [Shape, Shape],
  columnScale: Float64Array,
  rowScale: Float64Array,
): LinearMap {
  const inPlane = inShape[1] * inShape[2]
  const outPlane = outShape[1] * outShape[2]
  const perColumn = sizeOf(inShape) / columnScale.length
  if (map.kind === 'sparse' || (map.kind === 'conv' && perColumn !== inPlane)) {
    const sparse = toSparse(map, inShape, outShape)
    const { rowStarts, columns } = sparse
    const values = Float64Array.from(sparse.values)
    for (let row = 0; row + 1 < rowStarts.length; row++) {
      for (let k = rowStarts[row]; k < rowStarts[row + 1]; k++) {
        values[k] *= rowScale[Math.floor(row / outPlane)] * columnScale[Math.floor(columns[k] / perColumn)]
      }
    }
    return { ...sparse, values, ...(map.kind === 'conv' && { geometry: geometryOf(map) }) }
  }
  const weight = Float64Array.from(map.weight)
  if (map.kind === 'dense') {
    const columns = inShape[0] * inPlane
    for (let k = 0; k < weight.length; k++) {
      weight[k] *= rowScale[Math.floor(k / columns / outPlane)] * columnScale[Math.floor((k % columns) / perColumn)]
    }
    return { ...map, weight }
  }
  const taps = map.kernel[0] * map.kernel[1]
  const perGroup = inShape[0] / map.groups
  const outPerGroup = outShape[0] / map.groups
  for (let k = 0; k < weight.length; k++) {
    const out = Math.floor(k / (taps * perGroup))
    const channel = Math.floor(out / outPerGroup) * perGroup + (Math.floor(k / taps) % perGroup)
    weight[k] *= rowScale[out] * columnScale[channel]
  }
  return { ...map, weight }
}

const geometryOf = ({ weight: _weight, ...geometry }: ConvMap): ConvGeometry => geometry
