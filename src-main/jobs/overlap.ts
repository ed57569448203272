import { hashOf } from './hash-of.ts'

/** Share of samples that may be in both sets: data sets hold a few twice. */
const FEW = 0.01

/** What to say where samples that validate a network, given by their hashes, are among those that it was calibrated with. */
export function overlapWarning(hashes: readonly string[], calibration: readonly Float64Array[]): string | undefined {
  const calibrated = new Set(calibration.map(hashOf))
  const both = hashes.filter((hash) => calibrated.has(hash)).length
  if (both <= FEW * hashes.length) return undefined
  return `${both} of ${hashes.length} samples are calibration samples too. The polynomials are fitted to them, so that the figures are better than on inputs that the network has not seen: validate with others.`
}
