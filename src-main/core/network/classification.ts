/**
 * The class an output stands for: the largest score's, or the sign of a single one. NaN, which agrees with nothing,
 * where the scores are not finite.
 */
export function labelOf(output: Float64Array): number {
  if (!isFiniteOutput(output)) return NaN
  if (output.length === 1) return output[0] > 0 ? 1 : 0
  return output.reduce((best, value, i) => (value > output[best] ? i : best), 0)
}

export const isFiniteOutput = (output: Float64Array): boolean => output.every(Number.isFinite)

/** Outputs beyond this multiple of the original's largest are far from all sense. */
export const FAR = 10

/** Samples with an output that is not finite or leaves `FAR` times the range of all originals; what all outputs of a sample share counts nothing. */
export function farSamples(originals: readonly Float64Array[], outputs: readonly Float64Array[]): number[] {
  const reach = (output: Float64Array): number => {
    const middle = output.length === 1 ? 0 : output.reduce((sum, value) => sum + value, 0) / output.length
    return output.reduce((most, value) => Math.max(most, Math.abs(value - middle)), 0)
  }
  const most = FAR * originals.reduce((largest, output) => Math.max(largest, reach(output)), 0)
  return outputs.flatMap((output, i) => (reach(output) <= most ? [] : [i]))
}

/** How far the largest score leads the next; a single score's distance from 0; 0 where they are not finite. */
export function marginOf(output: Float64Array): number {
  return isFiniteOutput(output) ? leadOf(output, labelOf(output)) : 0
}

/**
 * Share of samples to which a replacement gives the original's label, expected: every sample's lead in the original
 * meets the change of the lead on every sample. Of few samples this says about as much as counting the labels kept of
 * three times as many (docs/accuracy-method.md), since it does not hang on which change met which lead; 0 of none.
 */
export function expectedAgreement(originals: readonly Float64Array[], outputs: readonly Float64Array[]): number {
  const labels = originals.map(labelOf)
  const leads = originals.map((output, i) => leadOf(output, labels[i]))
  const changes = outputs.map((output, i) => leadOf(output, labels[i]) - leads[i])
  const kept = leads.map((lead) => share(changes, (change) => lead + change > 0))
  return kept.reduce((sum, value) => sum + value, 0) / Math.max(1, kept.length)
}

/** How far a label leads all others, negative where it does not; -Infinity where scores are not finite. */
function leadOf(output: Float64Array, label: number): number {
  if (!isFiniteOutput(output)) return -Infinity
  if (output.length === 1) return label === 1 ? output[0] : 0 - output[0]
  return output.reduce((least, value, i) => (i === label ? least : Math.min(least, output[label] - value)), Infinity)
}

/** Share of the items for which the test holds; 0 of none. */
export function share<T>(items: readonly T[], holds: (item: T, index: number) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length
}

/** counts[truth][found]; what has no label is not counted. */
export function confusionMatrix(truth: readonly number[], found: readonly number[], classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  truth.forEach((label, i) => {
    if (!Number.isNaN(found[i])) counts[label][found[i]] += 1
  })
  return counts
}

/**
 * How much outputs change: the root mean square, relative to that of the originals about their mean; Infinity where an output is not
 * finite.
 */
export function relativeChange(originals: readonly Float64Array[], outputs: readonly Float64Array[]): number {
  const [{ length }] = originals
  const means = Float64Array.from(
    { length },
    (_, k) => originals.reduce((sum, row) => sum + row[k], 0) / originals.length,
  )
  let [changed, varied] = [0, 0]
  originals.forEach((row, i) =>
    row.forEach((value, k) => {
      changed += (outputs[i][k] - value) ** 2
      varied += (value - means[k]) ** 2
    }),
  )
  if (!Number.isFinite(changed)) return Infinity
  return changed === 0 ? 0 : Math.sqrt(changed / varied)
}
