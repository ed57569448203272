import { present } from '../must.ts'
import { labelOf, relativeChange, share } from '../network/classification.ts'

/** What a replacement keeps of the original, on samples that its fit has not seen. */
export interface Kept {
  readonly samples: number
  /** Share of the samples that get the original's label. */
  readonly keptLabels: number
  /** Lower end of the 95 % interval of that share (Wilson). */
  readonly keptLow: number
  /** Root mean square of the outputs' change, relative to that of the original outputs about their mean. */
  readonly relativeError: number
  /** What the figures are judged by: quantities have no labels. */
  readonly judgedBy: 'labels' | 'relative-error'
}

/** `originals` and `outputs` hold the scores of the same samples, at least one; or quantities, of which labels say nothing. */
export function measureKept(
  originals: readonly Float64Array[],
  outputs: readonly Float64Array[],
  areQuantities: boolean,
): Kept {
  const keptLabels = share(originals, (original, i) => labelOf(original) === labelOf(present(outputs[i])))
  return {
    samples: originals.length,
    keptLabels,
    keptLow: lowerBound(keptLabels, originals.length),
    relativeError: relativeChange(originals, outputs),
    judgedBy: areQuantities ? 'relative-error' : 'labels',
  }
}

/** Whether it keeps at least this share of the labels; without labels, whether the error is at most the rest. */
export const keepsEnough = ({ keptLabels, relativeError, judgedBy }: Kept, least: number): boolean =>
  judgedBy === 'labels' ? keptLabels >= least : relativeError <= 1 - least

/** Of the labels, or of the outputs where there are none. */
export const lossOf = ({ judgedBy, keptLabels, relativeError }: Omit<Kept, 'samples' | 'keptLow'>): number =>
  judgedBy === 'labels' ? 1 - keptLabels : relativeError

/** As people read it. */
export function keptText({ samples, keptLabels, keptLow, relativeError, judgedBy }: Kept): string {
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
  if (judgedBy === 'relative-error') return `outputs within ${percent(relativeError)} on ${samples} samples held out`
  return `${percent(keptLabels)} of the labels on ${samples} samples held out (95 % interval from ${percent(keptLow)})`
}

/** Wilson's score interval for a share of `count` independent samples, 95 %. */
function lowerBound(value: number, count: number): number {
  const z = 1.96
  const middle = value + (z * z) / (2 * count)
  const spread = z * Math.sqrt((value * (1 - value)) / count + (z * z) / (4 * count * count))
  return Math.max(0, (middle - spread) / (1 + (z * z) / count))
}
