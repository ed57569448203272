import {
  INPUT,
  type ActivationLayer,
  type DroppedClamp,
  type LayerId,
  type LayerModel,
} from '../network/layer-model.ts'
import { dropIdleClamps } from './passes/drop-idle-clamps.ts'
import { fuseLinear } from './passes/fuse-linear.ts'
import { boundsOf, type Bounds } from './passes/join-clamps.ts'
import { possibleRanges } from './value-ranges.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import { must } from '../must.ts'

/**
 * Of the values that reach a clamp, so many may lie outside. Quantisers choose the range from a few samples, so others
 * leave it now and then; a clamp that holds a ReLU has a third and more of them outside.
 */
const tolerated = 1e-3

/** Of each layer there are thousands of values in each of them. */
const mostSamples = 200

/**
 * A quantised network without the clamps that change nothing on calibration samples (flattened [C,H,W]): they hold
 * the range that the quantiser saw, and would cost a level each. Other networks are returned as they are.
 */
export function calibrateClamps(
  model: LayerModel,
  samples: readonly Float64Array[],
): { readonly model: LayerModel; readonly dropped: readonly DroppedClamp[] } {
  const clamps = clampsByInput(model)
  if (clamps.size === 0 || samples.length === 0) return { model, dropped: [] }
  const stride = Math.ceil(samples.length / mostSamples)
  const some = samples.filter((_, index) => index % stride === 0)
  const moved = new Map<LayerId, number>()
  const counted = new Map<LayerId, number>()
  const observe = (id: LayerId, outputs: readonly Float64Array[]): void => {
    for (const [clamp, bounds] of clamps.get(id) ?? []) {
      for (const values of outputs) {
        counted.set(clamp, (counted.get(clamp) ?? 0) + values.length)
        moved.set(clamp, (moved.get(clamp) ?? 0) + outsideOf(values, bounds))
      }
    }
  }
  observe(INPUT, some)
  runLayerBatch(model, some, (layer, outputs) => observe(layer.id, outputs))
  const { model: kept, dropped } = dropIdleClamps(model, ({ id }) => must(moved, id) <= tolerated * must(counted, id))
  return { model: fuseLinear(kept), dropped }
}

/**
 * The network as it will most likely be once calibration samples are known, for estimates: without clamps of the input,
 * and without those whose lower end can only be met by chance, since it is no ReLU's.
 */
export function withoutLikelyIdleClamps(model: LayerModel): LayerModel {
  if (clampsByInput(model).size === 0) return model
  const ranges = possibleRanges(model)
  const isLikelyIdle = ({ input }: ActivationLayer, { min, step }: Bounds): boolean =>
    input === INPUT || min < -step / 2 || must(ranges, input)[0] >= min - step / 2
  return fuseLinear(dropIdleClamps(model, isLikelyIdle).model)
}

type Clamp = readonly [id: LayerId, bounds: Bounds]

/** The clamps of quantisers, by the layer that they read. */
function clampsByInput(model: LayerModel): Map<LayerId, Clamp[]> {
  const clamps = new Map<LayerId, Clamp[]>()
  for (const layer of model.layers) {
    const bounds = layer.kind === 'activation' ? boundsOf(layer.activation) : undefined
    if (layer.kind !== 'activation' || !bounds || bounds.step === 0) continue
    clamps.set(layer.input, [...(clamps.get(layer.input) ?? []), [layer.id, bounds]])
  }
  return clamps
}

/** How many values lie further outside than half a step, by which rounding may move them anyway. */
function outsideOf(values: Float64Array, { min, max, step }: Bounds): number {
  let count = 0
  for (const value of values) if (value < min - step / 2 || value > max + step / 2) count += 1
  return count
}
