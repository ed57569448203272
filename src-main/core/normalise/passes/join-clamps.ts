import type { Activation, ActivationLayer, LayerId, LayerModel } from '../../network/layer-model.ts'
import { soleReader } from '../../network/run-layers.ts'
import { must } from '../../must.ts'

type Layer = LayerModel['layers'][number]

/**
 * Join clamps that follow each other.
 * Before: y = clamp(relu(x)), y = clamp(clamp(x)), y = clamp(maxpool(clamp(x))): what quantising leaves. After: one
 * clamp, in the place of the first.
 * Conditions: only the second reads the first, and their ranges overlap.
 * Formula: the clamp to [a, b] and that to [c, d] are that to [max(a, c), min(b, d)]; a clamp commutes with a maximum.
 */
export function joinClamps(model: LayerModel): LayerModel {
  const layers = new Map<LayerId, Layer>(model.layers.map((layer) => [layer.id, layer]))
  const current = (): LayerModel => ({ ...model, layers: [...layers.values()] })
  const replaced = new Map<LayerId, LayerId>()
  const read = (id: LayerId): LayerId => (replaced.has(id) ? read(must(replaced, id)) : id)
  for (const { id } of model.layers) {
    const second = withInputs(must(layers, id), read)
    layers.set(id, second)
    if (second.kind !== 'activation' || !boundsOf(second.activation)) continue
    const first = firstClamp(current(), layers, second)
    const joined = first && join(first.activation, second.activation)
    if (!joined) continue
    layers.set(first.id, { ...first, activation: joined, sources: [...first.sources, ...second.sources] })
    layers.delete(id)
    replaced.set(id, second.input)
  }
  return { ...current(), output: read(model.output) }
}

/** The clamp that a clamp reads, perhaps through a max-pool. */
function firstClamp(
  model: LayerModel,
  layers: ReadonlyMap<LayerId, Layer>,
  second: ActivationLayer,
): ActivationLayer | undefined {
  let before = layers.get(second.input)
  if (!before || !soleReader(model, before.id)) return undefined
  if (before.kind === 'max-pool') before = layers.get(before.input)
  if (before?.kind !== 'activation' || !soleReader(model, before.id)) return undefined
  return boundsOf(before.activation) ? before : undefined
}

function join(first: Activation, second: Activation): Activation | undefined {
  const [a, b] = [boundsOf(first), boundsOf(second)]
  if (!a || !b) return undefined
  const [min, max] = [Math.max(a.min, b.min), Math.min(a.max, b.max)]
  if (!(min < max)) return undefined
  const step = Math.max(a.step, b.step)
  return { operator: 'Clip', parameters: { min, max, ...(step > 0 && { step }) } }
}

export interface Bounds {
  readonly min: number
  readonly max: number
  /** Of the quantiser; 0 where none made the clamp. */
  readonly step: number
}

/** The range of a clamp by one pair of numbers; undefined for other activations. */
export function boundsOf({ operator, parameters }: Activation): Bounds | undefined {
  if (operator === 'Relu') return { min: 0, max: Infinity, step: 0 }
  const { min, max, step = 0 } = parameters
  if (operator !== 'Clip' || typeof min !== 'number' || typeof max !== 'number' || typeof step !== 'number') return
  return { min, max, step }
}

/** A layer that reads other layers: each of its inputs goes through `read`. */
export function withInputs(layer: Layer, read: (id: LayerId) => LayerId): Layer {
  if (layer.kind !== 'linear') return { ...layer, input: read(layer.input) }
  return { ...layer, terms: layer.terms.map((term) => ({ ...term, input: read(term.input) })) }
}
