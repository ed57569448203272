import type { Degree } from '../approximate/fit-channel.ts'
import { isExact, type RefreshedModel, type SquareLayer, type SquareModel } from '../approximate/polynomial-model.ts'
import { INPUT, type LayerId, type LayerModel, type LinearLayer, type Shape } from '../normalise/layer-model.ts'

/**
 * A network of the same shape with squarings for activations and average for maximum pools: what can be
 * planned, and so estimated, before there is any calibration data. Its values mean nothing.
 */
export function skeletonOf(model: LayerModel): SquareModel {
  const { layers, ...skeleton } = refreshedSkeletonOf(model)
  return { ...skeleton, layers: layers.filter((layer) => !isExact(layer)) }
}

export interface SkeletonOptions {
  /** 4 stands for two squarings an activation, 8 for three. */
  readonly degree?: Degree
  /** Layers that stay what they are. */
  readonly exact?: ReadonlySet<LayerId>
  /** Max-pools are taken apart into maxima of rows and columns: as many squarings more. */
  readonly splitPools?: boolean
}

/** As skeletonOf, with the layers that the owner computes. */
export function refreshedSkeletonOf(
  model: LayerModel,
  { degree = 2, exact, splitPools }: SkeletonOptions = {},
): RefreshedModel {
  const shapes = new Map<LayerId, Shape>([[INPUT, model.input.shape]])
  const layers = model.layers.flatMap((layer): RefreshedModel['layers'] => {
    shapes.set(layer.id, layer.shape)
    const { id, sources, shape } = layer
    if (layer.kind === 'linear' || exact?.has(id)) return [layer]
    const squares = (source: LayerId): SquareLayer[] => {
      const inner = { 2: [], 4: ['square'], 8: ['square', 'fourth'] }[degree].map((power) => `${id}.${power}`)
      const names = [source, ...inner, id]
      return names.slice(1).map((name, i) => ({ kind: 'square', id: name, sources, shape, input: names[i] }))
    }
    if (layer.kind === 'activation') return squares(layer.input)
    const { kernel, strides, dilations, pads, input } = layer
    const apart = splitPools && Math.min(...kernel) > 1
    const [channels] = shapes.get(input)!
    const weight = new Float64Array(channels * kernel[0] * kernel[1]).fill(1 / (kernel[0] * kernel[1]))
    const map = { kind: 'conv', weight, kernel, strides, dilations, pads, groups: channels } as const
    const pool: LinearLayer = {
      kind: 'linear',
      id: apart ? `${id}.rows` : id,
      sources,
      shape,
      terms: [{ input, map }],
      bias: new Float64Array(channels),
    }
    return apart ? [pool, ...squares(pool.id)] : [pool]
  })
  return { ...model, layers, bounds: new Map() }
}
