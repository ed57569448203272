import type { LayerModel } from './layer-model.ts'
import { multiplicationsOf } from './linear-maps.ts'
import { shapesOf } from './run-layers.ts'
import { must } from '../must.ts'

/** Products that the linear layers take for one sample. */
export function countMultiplications(model: LayerModel): number {
  const shapes = shapesOf(model)
  return model.layers.reduce((sum, layer) => {
    if (layer.kind !== 'linear') return sum
    return layer.terms.reduce(
      (all, { input, map }) => all + multiplicationsOf(map, must(shapes, input), layer.shape),
      sum,
    )
  }, 0)
}
