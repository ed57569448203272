import type { SquareModel } from '../approximate/polynomial-model.ts'
import { INPUT, type LayerId, type LayerModel, type LinearLayer, type Shape } from '../normalise/layer-model.ts'

/**
 * A network of the same shape with squarings for activations and average for maximum pools: what can be
 * planned, and so estimated, before there is any calibration data. Its values mean nothing.
 */
export function skeletonOf(model: LayerModel): SquareModel {
  const shapes = new Map<LayerId, Shape>([[INPUT, model.input.shape]])
  const layers = model.layers.map((layer): SquareModel['layers'][number] => {
    shapes.set(layer.id, layer.shape)
    const { id, sources, shape } = layer
    if (layer.kind === 'linear') return layer
    if (layer.kind === 'activation') return { kind: 'square', id, sources, shape, input: layer.input }
    const { kernel, strides, dilations, pads, input } = layer
    const [channels] = shapes.get(input)!
    const weight = new Float64Array(channels * kernel[0] * kernel[1]).fill(1 / (kernel[0] * kernel[1]))
    const map = { kind: 'conv', weight, kernel, strides, dilations, pads, groups: channels } as const
    const pool: LinearLayer = {
      kind: 'linear',
      id,
      sources,
      shape,
      terms: [{ input, map }],
      bias: new Float64Array(channels),
    }
    return pool
  })
  return { ...model, layers, bounds: new Map() }
}
