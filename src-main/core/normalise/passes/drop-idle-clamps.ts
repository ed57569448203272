import {
  INPUT,
  type ActivationLayer,
  type DroppedClamp,
  type LayerId,
  type LayerModel,
} from '../../network/layer-model.ts'
import { boundsOf, withInputs, type Bounds } from './join-clamps.ts'

/**
 * Drop clamps of quantisers that change nothing.
 * Before: y = clamp(x), where x stays within the clamp. After: x.
 * Conditions: a quantiser made the clamp, and `isIdle` says that it moves no x by more than rounding does.
 * Formula: clamp(x) = x.
 */
export function dropIdleClamps(
  model: LayerModel,
  isIdle: (clamp: ActivationLayer, bounds: Bounds) => boolean,
): { readonly model: LayerModel; readonly dropped: readonly DroppedClamp[] } {
  const dropped: DroppedClamp[] = []
  const replaced = new Map<LayerId, LayerId>()
  const read = (id: LayerId): LayerId => replaced.get(id) ?? id
  const layers = model.layers.flatMap((original) => {
    const layer = withInputs(original, read)
    if (layer.kind !== 'activation' || original.kind !== 'activation') return [layer]
    const bounds = boundsOf(layer.activation)
    if (!bounds || bounds.step === 0 || !isIdle(original, bounds)) return [layer]
    if (layer.id === model.output && layer.input === INPUT) return [layer]
    replaced.set(layer.id, layer.input)
    dropped.push({ id: layer.id, min: bounds.min, max: bounds.max })
    return []
  })
  return { model: { ...model, layers, output: read(model.output) }, dropped }
}
