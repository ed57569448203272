/** What a fit keeps, in words: labels of samples that it has not seen, or the error of outputs that are no labels. */
import type { KeptView } from './api.ts'
import { percent, plural } from './format.ts'

export function keptSentence(kept: KeptView | undefined): string {
  if (!kept) return 'There were too few samples to measure what it keeps.'
  const { judgedBy, keptLabels, keptLow, relativeError, samples } = kept
  const on = `on ${plural(samples, 'sample')} that the fit has not seen`
  if (judgedBy === 'relative-error') return `Its outputs are within ${percent(relativeError)} of the original’s ${on}.`
  return `It keeps ${percent(keptLabels)} of the labels ${on}, and at least ${percent(keptLow)} with 95 % confidence.`
}

export interface Fact {
  readonly name: string
  readonly value: string
}

export function keptFacts(kept: KeptView | undefined): Fact[] {
  if (!kept) return [{ name: 'Labels kept', value: 'too few samples' }]
  const { judgedBy, keptLabels, keptLow, relativeError, samples } = kept
  const on = { name: 'On unseen', value: plural(samples, 'sample') }
  if (judgedBy === 'relative-error') return [{ name: 'Outputs within', value: percent(relativeError) }, on]
  return [
    { name: 'Labels kept', value: percent(keptLabels) },
    { name: 'At least (95\u00a0%)', value: percent(keptLow) },
    on,
  ]
}
