import type { LayerModel } from '../../network/layer-model.ts'
import { inputsOf } from '../../network/run-layers.ts'

/**
 * Remove dead layers.
 * Before: layers that the output does not depend on. After: none. Conditions: none.
 */
export function removeDeadLayers(model: LayerModel): LayerModel {
  const needed = new Set([model.output])
  for (const layer of [...model.layers].reverse()) {
    if (needed.has(layer.id)) for (const id of inputsOf(layer)) needed.add(id)
  }
  return { ...model, layers: model.layers.filter(({ id }) => needed.has(id)) }
}
