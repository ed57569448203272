import type { LayerId, Shape } from '../network/layer-model.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { AnyLayer } from '../network/run-layers.ts'
import { inputsOf, interleave, runLayer, separate } from '../network/run-layers.ts'
import { applyLinear, rowsOf } from '../tune/apply-linear.ts'
import { must } from '../must.ts'

/** One flattened [C,H,W] tensor per calibration sample. */
export type Values = readonly Float64Array[]

const CHUNK = 16

/** One layer's output for all samples; of a linear layer in single precision. */
export function applyLayer(
  layer: AnyLayer,
  shapes: ReadonlyMap<LayerId, Shape>,
  values: ReadonlyMap<LayerId, Values>,
): Values {
  if (layer.kind === 'linear') return applyLinear(layer, shapes, values)
  const inputs = [...new Set(inputsOf(layer))]
  const count = must(values, inputs[0]).length
  const results = rowsOf(count, sizeOf(layer.shape))
  for (let first = 0; first < count; first += CHUNK) {
    const samples = Math.min(CHUNK, count - first)
    const chunk = new Map(
      inputs.map((id) => [id, interleave(must(values, id).slice(first, first + samples), sizeOf(must(shapes, id)))]),
    )
    separate(runLayer(layer, shapes, chunk, samples), samples).forEach((values, s) => results[first + s].set(values))
  }
  return results
}
