import { present } from '../must.ts'
import type { DroppedClamp } from '../network/layer-model.ts'
import type { Outputs } from './check-outputs.ts'
import { labelOf, marginOf, share } from '../network/classification.ts'
import { outputError, type OutputError } from './output-error.ts'

/** What is particular about a quantised network. Shares are between 0 and 1. */
export interface QuantisedReport {
  /** Who computed the original, and why. */
  readonly reference: string
  /** The original's scores are multiples of it; absent where the file does not round them. */
  readonly outputStep?: number
  /** Samples whose two best scores are equal or one step apart: rounding decides there. */
  readonly tied: number
  /** Of the other samples, the share that has the original's label with clamps in place of quantisers. */
  readonly exactAgreement: number
  /** The same of the polynomial network. */
  readonly polynomialAgreement: number
  /** Of quantities, whose labels mean nothing: how far each is from the original. */
  readonly errors?: { readonly exact: OutputError; readonly polynomial: OutputError }
  /** Clamps that change nothing on the calibration samples and were left out. */
  readonly droppedClamps: readonly DroppedClamp[]
}

export interface QuantisedInput extends Pick<QuantisedReport, 'reference' | 'outputStep' | 'droppedClamps'> {
  readonly original: Outputs
  /** The network on real numbers, each quantiser a clamp. */
  readonly exact: Outputs
  readonly polynomial: Outputs
  readonly isQuantity?: boolean
}

/** Of a quantised network: how often rounding alone decides the label, and what clamps instead of quantisers keep of the others. */
export function quantisedReport(input: QuantisedInput): QuantisedReport {
  const { reference, outputStep, droppedClamps, original, exact, polynomial } = input
  // Scores are multiples of the step but for rounding errors.
  const isTied = (scores: Float64Array): boolean => marginOf(scores) < 1.01 * (outputStep ?? 0)
  const clear = [...original.entries()].filter(([, scores]) => !isTied(scores))
  const agreement = (outputs: Outputs): number =>
    share(clear, ([index, scores]) => labelOf(present(outputs[index])) === labelOf(scores))
  return {
    reference,
    ...(outputStep !== undefined && { outputStep }),
    tied: original.length - clear.length,
    exactAgreement: agreement(exact),
    polynomialAgreement: agreement(polynomial),
    ...(input.isQuantity === true && {
      errors: { exact: outputError(original, exact), polynomial: outputError(original, polynomial) },
    }),
    droppedClamps,
  }
}

/** Which clamps are gone, for people; undefined where none are. */
export function droppedClampsSentence(clamps: readonly DroppedClamp[]): string | undefined {
  if (clamps.length === 0) return undefined
  const each = clamps.map(({ id, min, max }) => `${id} (${min.toPrecision(3)} … ${max.toPrecision(3)})`)
  return `Of the quantisers' clamps, ${clamps.length} change nothing on the calibration samples and are left out: ${each.join(', ')}.`
}

/** Of the deviation; as it is where outputs do not vary. */
export const errorText = ({ relative, rootMeanSquare }: OutputError): string =>
  relative === undefined ? rootMeanSquare.toPrecision(3) : `${(100 * relative).toFixed(2)} % of their deviation`

/** The report for people. */
export function quantisedSentences({ quantised, samples }: { quantised?: QuantisedReport; samples: number }): string[] {
  if (!quantised) return []
  const { reference, outputStep, tied, exactAgreement, polynomialAgreement, errors, droppedClamps } = quantised
  const percent = (part: number): string => `${(100 * part).toFixed(2)} %`
  const ties = `${tied} of ${samples} samples have two best scores that are equal or one step apart, where rounding decides. `
  const keeps = errors
    ? `With clamps instead of quantisers outputs are within ${errorText(errors.exact)}, with polynomials within ${errorText(errors.polynomial)}.`
    : `${outputStep === undefined ? '' : ties}With clamps instead of quantisers the network keeps ${percent(exactAgreement)} of the ` +
      `${tied > 0 ? 'other ' : ''}labels, with polynomials ${percent(polynomialAgreement)}.`
  return [
    `The network is quantised. The original is computed by ${reference}.`,
    keeps,
    ...[droppedClampsSentence(droppedClamps) ?? []].flat(),
  ]
}
