import { sizeOf } from '../network/layer-model.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import { lastReaders } from '../network/run-layers.ts'
import type { WorkContext } from '../progress.ts'
import { evenly } from '../numeric/evenly.ts'
import { must } from '../must.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { tunableSamples } from '../tune/tune.ts'
import type { Values } from './layer-values.ts'
import type { SlotModel } from '../network/contrasts.ts'

/** What all samples and their values may take together: the process then stays under 1.5 GB. */
const MOST_BYTES = 0.9 * 2 ** 30
const BYTES_PER_ELEMENT = 8

/** As many of the samples, evenly spaced, as fit in memory while layers are fitted one by one; warns where some do not. */
export function capSamples(model: SlotModel, samples: Values, work: WorkContext, mostBytes = MOST_BYTES): Values {
  const most = affordableSamples(model, mostBytes)
  if (samples.length <= most) return samples
  const message = `Only ${most} of ${samples.length} calibration samples are used: more would not fit in memory.`
  work.progress({ kind: 'warning', stage: 'approximate', message })
  return evenly(samples, most)
}

/** How many fit, of a network at any stage before it is folded. */
export const affordableSamples = (model: Sizes, mostBytes = MOST_BYTES): number =>
  Math.max(1, Math.floor(mostBytes / bytesPerSample(model)))

/** Of samples that can be fitted to, as many more judge and are no part of the fit. */
const HELD_OUT = 100

/** As many samples as closed forms, and what is planned and judged by all of them, are given. */
export const fittableSamples = (model: Sizes): number => affordableSamples(model) + HELD_OUT

/** As many as tuning, which holds no values of layers but a batch's, can make use of. */
export const usefulSamples = (model: LayerModel): number => Math.max(fittableSamples(model), tunableSamples(model))

type Sizes = SlotModel | LayerModel | PolynomialModel

/**
 * A sample, and its values of the original and of the approximated network at the layer where most of these are alive:
 * those still to be read, and the layer's own before and after refitting.
 */
function bytesPerSample(model: Sizes): number {
  const sizes = new Map<LayerId, number>(model.layers.map(({ id, shape }) => [id, sizeOf(shape)]))
  const lastReader = lastReaders(model)
  let [alive, most] = [0, 0]
  for (const layer of model.layers) {
    const own = must(sizes, layer.id)
    alive += own
    most = Math.max(most, alive + own)
    for (const [id, reader] of lastReader) if (reader === layer.id) alive -= sizes.get(id) ?? 0
  }
  return (sizeOf(model.input.shape) + 2 * most) * BYTES_PER_ELEMENT
}
