import { neverFalls } from './activations.ts'
import { composeLinear } from './compose-linear.ts'
import type {
  Activation,
  ActivationLayer,
  LayerId,
  LayerModel,
  LinearLayer,
  MaxPoolLayer,
  Model,
  Shape,
} from './layer-model.ts'
import { shapesOf, soleReader } from './run-layers.ts'
import { must } from '../must.ts'

/**
 * activation(max over a window), where the input holds each window's contrasts: channels [c × taps + k] are the
 * window's values times row k of `contrastBasis`. Output shape [channels, height, width] of the pooled image.
 */
export interface ContrastLayer {
  readonly kind: 'contrast-max'
  readonly id: LayerId
  readonly sources: readonly string[]
  readonly shape: Shape
  readonly input: LayerId
  readonly taps: number
  readonly basis: Float64Array
  /** Undefined for the maximum itself. */
  readonly activation: Activation | undefined
}

export type SlotModel = Model<LinearLayer | ActivationLayer | ContrastLayer | MaxPoolLayer>

/**
 * Before: x → max-pool → activation, or x → increasing activation → max-pool, or a max-pool alone.
 * After: x → contrasts (one convolution with the pool's geometry, merged into a linear x) → contrast-max.
 * Conditions: the inner value has no other reader; an activation before the pool never falls, so that it may follow it.
 * Formula: the contrasts are an orthonormal basis of the window, so they determine its maximum.
 * A max-pool stays as it is where it, or the activation that would go with it, is in `exact`.
 */
export function replacePools(model: LayerModel, exact: ReadonlySet<LayerId> = new Set()): SlotModel {
  const shapes = shapesOf(model)
  const layers = new Map<LayerId, LayerModel['layers'][number] | ContrastLayer>(model.layers.map((l) => [l.id, l]))
  const readerOf = (id: LayerId) => soleReader({ layers: [...layers.values()], output: model.output }, id)
  for (const pool of model.layers) {
    if (pool.kind !== 'max-pool' || exact.has(pool.id)) continue
    const before = layers.get(pool.input)
    const after = readerOf(pool.id)
    let [source, id, activation] = [pool.input, pool.id, undefined as Activation | undefined]
    let exclusive = readerOf(source) !== undefined
    const absorbs = before?.kind === 'activation' && !exact.has(before.id)
    if (absorbs && neverFalls(before.activation) && exclusive) {
      source = before.input
      activation = before.activation
      exclusive = readerOf(source) !== undefined
      layers.delete(before.id)
    } else if (after?.kind === 'activation' && !exact.has(after.id)) {
      id = after.id
      activation = after.activation
    }
    const contrasts = contrastLayer(pool, source)
    shapes.set(contrasts.id, contrasts.shape)
    const producer = layers.get(source)
    const replaced: [LayerId, LinearLayer | ContrastLayer][] = []
    const merges =
      producer?.kind === 'linear' &&
      exclusive &&
      pool.pads.every((pad) => pad === 0) &&
      producer.terms.every(({ map }) => map.kind === 'conv')
    if (merges) layers.delete(source)
    const first = merges ? composeLinear(producer, contrasts, (name) => must(shapes, name)) : contrasts
    replaced.push([contrasts.id, { ...first, id: contrasts.id }])
    const basis = contrastBasis(pool.kernel)
    const taps = pool.kernel[0] * pool.kernel[1]
    const sources = after && id === after.id ? [...pool.sources, ...after.sources] : pool.sources
    replaced.push([
      id,
      { kind: 'contrast-max', id, sources, shape: pool.shape, input: contrasts.id, taps, basis, activation },
    ])
    const rebuilt = [...layers].flatMap(([key, layer]) =>
      key === pool.id ? replaced : key === id ? [] : [[key, layer] as const],
    )
    layers.clear()
    for (const [key, layer] of rebuilt) layers.set(key, layer)
  }
  return { ...model, layers: [...layers.values()] as SlotModel['layers'] }
}

function contrastLayer(pool: MaxPoolLayer, input: LayerId): LinearLayer {
  const [channels, height, width] = pool.shape
  const taps = pool.kernel[0] * pool.kernel[1]
  const basis = contrastBasis(pool.kernel)
  const weight = new Float64Array(channels * taps * taps)
  for (let c = 0; c < channels; c++) weight.set(basis, c * taps * taps)
  const { kernel, strides, dilations, pads } = pool
  return {
    kind: 'linear',
    id: `${pool.id}.contrasts`,
    sources: pool.sources,
    shape: [channels * taps, height, width],
    terms: [{ input, map: { kind: 'conv', weight, kernel, strides, dilations, pads, groups: channels } }],
    bias: new Float64Array(channels * taps),
  }
}

/** Rows of the orthonormal cosine basis (DCT-II) of a window: the first is the mean's, the others differences. */
export function contrastBasis([height, width]: readonly [number, number]): Float64Array {
  const wave = (k: number, i: number, n: number) =>
    Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * k * (2 * i + 1)) / (2 * n))
  const taps = height * width
  return Float64Array.from({ length: taps * taps }, (_, at) => {
    const [k, i] = [Math.floor(at / taps), at % taps]
    return wave(Math.floor(k / width), Math.floor(i / width), height) * wave(k % width, i % width, width)
  })
}
