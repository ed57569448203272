import type { ExactLayer } from '../network/polynomial-model.ts'
import type { NamedValue } from '../network/square-model.ts'
import { invariant } from '../errors.ts'
import { must } from '../must.ts'
import { sizeOf, type LayerId, type Shape } from '../network/layer-model.ts'
import { runLayer } from '../network/run-layers.ts'

/** What the owner does between decrypting what one segment returns and encrypting what the next one takes. */
export interface OwnerStep {
  /** In the order in which their elements follow each other. */
  readonly outputs: readonly NamedValue[]
  /** Applied as the original network has them. */
  readonly layers: readonly ExactLayer[]
  readonly inputs: readonly LayerId[]
}

/** A refresh that changes nothing, of one value of the given shape. */
export function plainStep(shape: Shape): OwnerStep {
  const id = 'value'
  return { outputs: [{ id, shape }], layers: [], inputs: [id] }
}

/** `values` holds `batch` images one after the other, and so does the result. */
export function applyOwnerStep(step: OwnerStep, values: Float64Array, batch: number): Float64Array {
  const each = step.outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  invariant(values.length === batch * each, `the owner's step takes ${batch * each} values, not ${values.length}`)
  const images = Array.from({ length: batch }, (_, i) => applyToImage(step, values.subarray(i * each, (i + 1) * each)))
  const size = images[0]?.length ?? 0
  const result = new Float64Array(batch * size)
  images.forEach((image, i) => result.set(image, i * size))
  return result
}

function applyToImage({ outputs, layers, inputs }: OwnerStep, image: Float64Array): Float64Array {
  const shapes = new Map<LayerId, Shape>()
  const values = new Map<LayerId, Float64Array>()
  let at = 0
  for (const { id, shape } of outputs) {
    shapes.set(id, shape)
    values.set(id, image.subarray(at, (at += sizeOf(shape))))
  }
  for (const layer of layers) {
    values.set(layer.id, runLayer(layer, shapes, values, 1))
    shapes.set(layer.id, layer.shape)
  }
  const taken = inputs.map((id) => must(values, id))
  const result = new Float64Array(taken.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const value of taken) {
    result.set(value, end)
    end += value.length
  }
  return result
}
