import { sizeOf } from '../network/layer-model.ts'
import type { LayerId, LayerModel, Shape } from '../network/layer-model.ts'
import { lastReaders } from '../network/run-layers.ts'
import type { WorkContext } from '../progress.ts'
import { evenly } from '../numeric/evenly.ts'
import { must } from '../must.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { tunableSamples } from '../tune/schedule.ts'
import type { Values } from './layer-values.ts'
import type { SlotModel } from '../network/contrasts.ts'

/** What all samples, those that judge too, and their values may take together: the process then stays under 1.5 GB. */
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

/** Samples that judge and are no part of the fit: so many at most, and one for every so many that are (`holdOut`). */
const [HELD_OUT, FITTED_BESIDE] = [100, 4]

/** How many can be fitted to beside those that judge, of a network at any stage before it is folded. */
export function affordableSamples(model: Sizes, mostBytes = MOST_BYTES): number {
  const [held, fitted] = [bytesOf(model.input.shape), bytesPerSample(model)]
  const most = Math.max((mostBytes - HELD_OUT * held) / fitted, mostBytes / (fitted + held / FITTED_BESIDE))
  return Math.max(1, Math.floor(most))
}

/** As many samples as closed forms, and what is planned and judged by all of them, are given. */
export function fittableSamples(model: Sizes): number {
  const most = affordableSamples(model)
  return most + Math.min(HELD_OUT, Math.ceil(most / FITTED_BESIDE))
}

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
  return bytesOf(model.input.shape) + 2 * most * BYTES_PER_ELEMENT
}

const bytesOf = (shape: Shape): number => sizeOf(shape) * BYTES_PER_ELEMENT
