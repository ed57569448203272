import { farSamples } from '../network/classification.ts'
import type { LayerModel } from '../network/layer-model.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import type { WorkContext } from '../progress.ts'

/** Share of the samples that may be left out. */
const MOST_FAR = 0.02

/**
 * The samples by which a plan is made: without the few whose outputs leave ten times the range of the original's, as every now
 * and then one does in a row of many polynomials. Planned for these, every other answer would lose the bits that they take, or there
 * would be no plan; what they would be is nonsense in any case. All samples where more than a few leave.
 */
export function inRange(
  original: LayerModel,
  polynomial: PolynomialModel,
  samples: readonly Float64Array[],
  work: WorkContext,
): readonly Float64Array[] {
  const far = new Set(farSamples(runLayerBatch(original, samples), runLayerBatch(polynomial, samples)))
  if (far.size === 0 || far.size > MOST_FAR * samples.length) return samples
  const message = `On ${far.size} of ${samples.length} calibration samples the polynomials' outputs are beyond ten times the original network's range. Encrypted, inputs like these may decrypt to noise.`
  work.progress({ kind: 'warning', stage: 'plan', message })
  return samples.filter((_, i) => !far.has(i))
}
