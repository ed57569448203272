import type { LayerId } from '../network/layer-model.ts'
import { inputsOf } from '../network/run-layers.ts'
import { deepFit, defaultFit, interruptedFit } from './fit-channel.ts'
import type { SlotModel } from '../network/contrasts.ts'

/** Polynomials from which they are bounded further beyond what calibration saw. */
const MOST_SHALLOW = 8

/** How polynomials are bounded that replace all activations of a network but the exact ones. */
export function chooseBounds(model: SlotModel, exact: ReadonlySet<LayerId>): typeof defaultFit {
  const isReplaced = ({ kind, id }: SlotModel['layers'][number]) =>
    kind !== 'linear' && kind !== 'max-pool' && !exact.has(id)
  if (model.layers.filter(isReplaced).length <= MOST_SHALLOW) return defaultFit
  /** Polynomials on the longest way to a layer's output since the last exact activation. */
  const since = new Map<LayerId, number>()
  for (const layer of model.layers) {
    const before = Math.max(...inputsOf(layer).map((input) => since.get(input) ?? 0))
    since.set(layer.id, layer.kind === 'linear' ? before : isReplaced(layer) ? before + 1 : 0)
  }
  return Math.max(...since.values()) > MOST_SHALLOW ? deepFit : interruptedFit
}
