import { UserError } from '../errors.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { Shape } from '../network/layer-model.ts'
import type { WorkContext } from '../progress.ts'
import { notFinite } from './points.ts'

/** Fewer calibration samples than this are used with a warning. */
export const ENOUGH_SAMPLES = 200

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
  if (samples.length < ENOUGH_SAMPLES) {
    const given = samples.length === 1 ? 'Only one calibration sample' : `Only ${samples.length} calibration samples`
    warn(`${given}: ${ENOUGH_SAMPLES} or more give a better fit.`)
  }
  const constant = samples.filter((sample) => sample.every((value) => value === sample[0])).length
  if (constant > 0.5 * samples.length) {
    warn(
      `${constant} of ${samples.length} calibration samples hold one value only, so the fit sees little of real inputs.`,
    )
  }
}
