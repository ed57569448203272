import { UserError } from '../errors.ts'
import { labelOf } from '../network/classification.ts'
import { classesOf, sizeOf } from '../network/layer-model.ts'
import type { LayerModel, Shape } from '../network/layer-model.ts'
import { tellsQuantities } from '../network/quantities.ts'
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
    const few = samples.length === 1 ? 'only one calibration sample' : `only ${samples.length} calibration samples`
    warn(`The fit has ${few}: ${ENOUGH_SAMPLES} or more give a better one.`)
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
 * anything else. Not of networks that give quantities, or one yes or no, of which samples may well have only one.
 */
export function warnOfOneLabel(model: LayerModel, samples: readonly Float64Array[], work: WorkContext): void {
  if (samples.length < LEAST_LABELLED || classesOf(model) === 1 || tellsQuantities(model)) return
  const outputs = runLayerBatch(model, evenly(samples, LABELLED))
  const [first, ...others] = outputs.map(labelOf)
  if (others.some((label) => label !== first)) return
  const message = `The largest output is number ${first} for each of ${outputs.length} calibration samples. Unless they are all of that class, they are not preprocessed as the network expects: check scale, mean and std.`
  work.progress({ kind: 'warning', stage: 'approximate', message })
}
