import { sameShape } from '../../graph/shapes.ts'
import { isChannelScale } from '../../network/compose-linear.ts'
import type { LayerId, LayerModel, LinearLayer } from '../../network/layer-model.ts'
import { soleReader } from '../../network/run-layers.ts'

type Layer = LayerModel['layers'][number]

/**
 * Move max-pools before the scales of activations (a batch normalisation between the two, as is usual with Keras).
 * Before: s = g·a + b, p = maxpool(s). After: p = maxpool(a), s = g·p + b, which joins what follows, while the activation
 * and the maximum can become one.
 * Conditions: all g are positive, only p reads s, a is an activation of s's shape: a crop too is a 1×1 convolution, and behind a
 * pool it would be of windows that read what it cuts off.
 * Formula: t → g·t + b rises, so it commutes with a maximum; a pool's padding never wins.
 */
export function poolBeforeScale(model: LayerModel): LayerModel {
  const layers = new Map<LayerId, Layer>(model.layers.map((layer) => [layer.id, layer]))
  /** Scales by the ids of the pools that they now come behind. */
  const moved = new Map<LayerId, LinearLayer>()
  for (const scale of model.layers) {
    if (!isRisingScale(scale)) continue
    const before = layers.get(scale.terms[0].input)
    if (before?.kind !== 'activation' || !sameShape(before.shape, scale.shape)) continue
    const pool = soleReader(model, scale.id)
    if (pool?.kind === 'max-pool') moved.set(pool.id, scale)
  }
  const behind = (id: LayerId): LayerId => moved.get(id)?.id ?? id
  const swapped = new Set([...moved.values()].map(({ id }) => id))
  return {
    ...model,
    output: behind(model.output),
    layers: model.layers.flatMap((layer): Layer[] => {
      if (swapped.has(layer.id)) return []
      const scale = moved.get(layer.id)
      if (scale && layer.kind === 'max-pool') {
        const [{ input, map }] = scale.terms
        return [
          { ...layer, input },
          { ...scale, shape: layer.shape, terms: [{ input: layer.id, map }] },
        ]
      }
      if (layer.kind !== 'linear') return [{ ...layer, input: behind(layer.input) }]
      return [{ ...layer, terms: layer.terms.map((term) => ({ ...term, input: behind(term.input) })) }]
    }),
  }
}

/** y = g·x + b by channel, all g positive. */
function isRisingScale(layer: Layer): layer is LinearLayer {
  if (layer.kind !== 'linear' || layer.terms.length !== 1 || layer.bias.length !== layer.shape[0]) return false
  const [{ map }] = layer.terms
  return map.kind === 'conv' && isChannelScale(map, layer.shape) && map.weight.every((factor) => factor > 0)
}
