import { UserError } from '../errors.ts'
import { isOfQuantities, labelOf } from '../network/classification.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { LayerModel, Shape } from '../network/layer-model.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import { evenly } from '../numeric/evenly.ts'
import type { WorkContext } from '../progress.ts'
import { notFinite } from './points.ts'

/** Fewer calibration samples than this are used with a warning. */
const ENOUGH_SAMPLES = 200
/** What is left of enough samples when a fifth is held out. */
export const ENOUGH_TO_FIT = 0.8 * ENOUGH_SAMPLES

/** Samples that are labelled to tell whether the network tells them apart; so many at least, since fewer may well be alike. */
const [LABELLED, LEAST_LABELLED] = [50, 20]

/**
 * Throws a UserError unless there are samples, each of the input's size and finite; warns where they are few or all
 * alike, since the fit then knows little of what the network will see.
 */
export function checkCalibration(shape: Shape, samples: readonly Float64Array[], work: WorkContext): void {
  const size = sizeOf(shape)
  if (samples.length === 0) {
    throw new UserError('no-calibration', 'There are no calibration samples.', {
      hint: `Give ${ENOUGH_SAMPLES} or more inputs like those the network will see. Labels are not needed.`,
    })
  }
  for (const sample of samples) {
    if (sample.length !== size) {
      throw new UserError(
        'wrong-shape',
        `A calibration sample has ${sample.length} values; the network takes ${shape.join(' × ')}, which is ${size}.`,
      )
    }
    if (!sample.every(Number.isFinite)) throw notFinite()
  }
  const warn = (message: string) => work.progress({ kind: 'warning', stage: 'approximate', message })
  if (samples.length < ENOUGH_TO_FIT) {
    const fitted =
      samples.length === 1 ? 'Only one calibration sample is' : `Only ${samples.length} calibration samples are`
    warn(`${fitted} fitted to: ${ENOUGH_SAMPLES} or more give a better fit.`)
  }
  const constant = samples.filter((sample) => sample.every((value) => value === sample[0])).length
  if (constant > 0.5 * samples.length) {
    warn(
      `${constant} of ${samples.length} calibration samples hold one value only, so the fit sees little of real inputs.`,
    )
  }
}

/**
 * Warns where the network gives all samples one label: what is scaled twice, say, looks all alike to it, and is fitted as well as
 * anything else. Not of networks that give quantities.
 */
export function checkLabels(model: LayerModel, samples: readonly Float64Array[], work: WorkContext): void {
  if (samples.length < LEAST_LABELLED) return
  const outputs = runLayerBatch(model, evenly(samples, LABELLED))
  const [first, ...others] = outputs.map(labelOf)
  const areQuantities = model.quantities ?? isOfQuantities(outputs[0], sizeOf(model.input.shape))
  if (areQuantities || others.some((label) => label !== first)) return
  const message = `The largest output is number ${first} for each of ${outputs.length} calibration samples. Unless they are all of that class, they are not preprocessed as the network expects: check scale, mean and std.`
  work.progress({ kind: 'warning', stage: 'approximate', message })
}
