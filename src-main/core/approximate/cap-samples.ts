import { INPUT, sizeOf } from '../network/layer-model.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import { lastReaders } from '../network/run-layers.ts'
import type { WorkContext } from '../progress.ts'
import { evenly } from '../numeric/evenly.ts'
import { must } from '../must.ts'
import type { Values } from './layer-values.ts'
import type { SlotModel } from '../network/contrasts.ts'

/** What the values of all samples may take together. */
const MOST_BYTES = 4 * 2 ** 30
/** Of the original's and of the approximated network. */
const BYTES_PER_ELEMENT = 2 * 8

/** As many of the samples, evenly spaced, as fit in memory while layers are fitted one by one; warns where some do not. */
export function capSamples(model: SlotModel, samples: Values, work: WorkContext, mostBytes = MOST_BYTES): Values {
  const most = affordableSamples(model, mostBytes)
  if (samples.length <= most) return samples
  const message = `Only ${most} of ${samples.length} calibration samples are used: more would not fit in memory.`
  work.progress({ kind: 'warning', stage: 'approximate', message })
  return evenly(samples, most)
}

/** How many fit, of a network before or after its pools are replaced. */
export const affordableSamples = (model: Sizes, mostBytes = MOST_BYTES): number =>
  Math.max(1, Math.floor(mostBytes / bytesPerSample(model)))

type Sizes = SlotModel | LayerModel

/** At the layer where most values are alive: those still to be read, and the layer's own before and after refitting. */
function bytesPerSample(model: Sizes): number {
  const sizes = new Map<LayerId, number>([[INPUT, sizeOf(model.input.shape)]])
  for (const layer of model.layers) sizes.set(layer.id, sizeOf(layer.shape))
  const lastReader = lastReaders(model)
  let [alive, most] = [must(sizes, INPUT), 0]
  for (const layer of model.layers) {
    const own = must(sizes, layer.id)
    alive += own
    most = Math.max(most, alive + own)
    for (const [id, reader] of lastReader) if (reader === layer.id) alive -= must(sizes, id)
  }
  return most * BYTES_PER_ELEMENT
}
