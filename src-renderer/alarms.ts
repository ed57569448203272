/** What in an accuracy report cannot be right, or has to be known to read it. */
import type { JobResult } from './api.ts'
import { count, figure, percent } from './format.ts'

type Report = JobResult<'validate'>

/** A layer that adds more error than the outputs spread, or whose inputs are hardly within the fitted range or far inside. */
export const hasExploded = ({
  errorAdded,
  rangeMargin,
}: Pick<Report['layers'][number], 'errorAdded' | 'rangeMargin'>): boolean =>
  !(Math.abs(errorAdded) < 1) || !(rangeMargin > 0.01 && rangeMargin < 1e6)

/** Above chance by less than this is chance. */
const slack = 0.02

export function accuracyAlarms({
  original,
  layers,
  samples,
}: Pick<Report, 'original' | 'layers' | 'samples'>): string[] {
  const alarms: string[] = []
  const { accuracy, confusion } = original
  if (accuracy !== undefined && confusion) {
    const truths = confusion.map((row) => row.reduce((sum, value) => sum + value, 0))
    const present = truths.filter((total) => total > 0).length
    const chance = Math.max(1 / Math.max(2, present), Math.max(...truths) / Math.max(1, samples))
    if (present === 1) alarms.push('All labels are of one class, so the accuracy says nothing about the network.')
    else if (accuracy <= chance + slack) {
      alarms.push(
        `The original network is right on ${percent(accuracy)}, no better than always saying the most common class. Check the preprocessing and the labels: they are probably not those that it was trained with.`,
      )
    }
  }
  const exploded = layers.find(hasExploded)
  if (exploded) {
    alarms.push(
      `From ${exploded.name} on, values leave the range of the polynomials: this layer adds an error of ${percent(exploded.errorAdded)}, and its range margin is ${figure(exploded.rangeMargin)}. More varied calibration data, degree 4 there, or an exact activation would help.`,
    )
  }
  return alarms
}

/** Of the deviation; as it is where outputs do not vary. */
const within = ({ relative, rootMeanSquare }: NonNullable<Report['polynomial']['error']>): string =>
  relative === undefined ? figure(rootMeanSquare) : percent(relative)

/** Of a quantised network: who computed the original, and what rounding decides. */
export function quantisedWords({ quantised, samples }: Pick<Report, 'quantised' | 'samples'>): string[] {
  if (!quantised) return []
  const { reference, tied, outputStep, exactAgreement, errors, droppedClamps } = quantised
  const rounding = `Rounding decides ${count(tied)} of ${count(samples)} samples. With clamps instead of quantisers the network keeps ${percent(exactAgreement)} of the others.`
  return [
    [
      `The network is quantised; the original is computed by ${reference}.`,
      ...(errors
        ? [`With clamps instead of quantisers its outputs are within ${within(errors.exact)}.`]
        : outputStep === undefined
          ? []
          : [rounding]),
      ...(droppedClamps.length > 0
        ? [`Clamps that change nothing on the calibration data are left out: ${count(droppedClamps.length)}.`]
        : []),
    ].join(' '),
  ]
}
