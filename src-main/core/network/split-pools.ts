import type { LayerId, LayerModel, MaxPoolLayer, Shape } from './layer-model.ts'
import { shapesOf } from './run-layers.ts'
import { must } from '../must.ts'

/**
 * Before: a max-pool over a window. After: one over its rows, then one over the column of those maxima, so that maxima
 * are of fewer values each; deeper, but closer. Conditions: the window has several rows and columns; the pool is not
 * in `exact`.
 */
export function splitPools(model: LayerModel, exact: ReadonlySet<LayerId>): LayerModel {
  const shapes = shapesOf(model)
  const layers = model.layers.flatMap((layer) =>
    layer.kind === 'max-pool' && Math.min(...layer.kernel) > 1 && !exact.has(layer.id)
      ? split(layer, must(shapes, layer.input))
      : [layer],
  )
  return { ...model, layers }
}

function split(pool: MaxPoolLayer, [channels, height]: Shape): MaxPoolLayer[] {
  const { id, shape, kernel, strides, dilations, pads } = pool
  const [top, left, bottom, right] = pads
  const rows: MaxPoolLayer = {
    ...pool,
    id: `${id}.rows`,
    shape: [channels, height, shape[2]],
    kernel: [1, kernel[1]],
    strides: [1, strides[1]],
    dilations: [1, dilations[1]],
    pads: [0, left, 0, right],
  }
  const columns: MaxPoolLayer = {
    ...pool,
    input: rows.id,
    kernel: [kernel[0], 1],
    strides: [strides[0], 1],
    dilations: [dilations[0], 1],
    pads: [top, 0, bottom, 0],
  }
  return [rows, columns]
}
