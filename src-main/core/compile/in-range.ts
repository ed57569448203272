import { farSamples } from '../network/classification.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import type { WorkContext } from '../progress.ts'

/** Samples, and the polynomial network's outputs on them. */
export interface InRange {
  readonly samples: readonly Float64Array[]
  readonly outputs: readonly Float64Array[]
}

/** Share of the samples that may be left out. */
const MOST_FAR = 0.02

/**
 * The samples by which a plan is made: without the few whose outputs leave ten times the range of the original's, as every now
 * and then one does in a row of many polynomials. Planned for these, every other answer would lose the bits that they take, or there
 * would be no plan; what they would be is nonsense in any case. All samples where more than a few leave.
 * @param originals - the original network's outputs on the samples
 */
export function inRange(
  originals: readonly Float64Array[],
  polynomial: PolynomialModel,
  samples: readonly Float64Array[],
  work: WorkContext,
): InRange {
  const outputs = runLayerBatch(polynomial, samples)
  const far = new Set(farSamples(originals, outputs))
  if (far.size === 0 || far.size > MOST_FAR * samples.length) return { samples, outputs }
  const message = `On ${far.size} of ${samples.length} calibration samples the polynomials' outputs are beyond ten times the original network's range. Encrypted, inputs like these may decrypt to noise.`
  work.progress({ kind: 'warning', stage: 'plan', message })
  const near = (rows: readonly Float64Array[]) => rows.filter((_, i) => !far.has(i))
  return { samples: near(samples), outputs: near(outputs) }
}
