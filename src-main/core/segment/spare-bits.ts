import { isFiniteOutput, marginOf } from '../network/classification.ts'
import { present } from '../must.ts'
import { evenly } from '../numeric/evenly.ts'
import { median } from '../numeric/median.ts'
import type { InParts } from '../parts.ts'
import { NormalNumbers } from '../numeric/normal-numbers.ts'
import { fillBatch } from '../plan/packing.ts'
import { KeptVectors } from './kept-vectors.ts'
import type { PlannedSegments } from './planned-segments.ts'
import { runSegmentsNoisily } from './run-noisily.ts'

/** What answers have to be right for. */
export interface PrecisionNeed {
  /** Preprocessed calibration samples, and what the polynomial network gives for each. */
  readonly samples: readonly Float64Array[]
  readonly outputs: readonly Float64Array[]
  /** What labels are found by. */
  readonly scoresOf: (outputs: Float64Array) => Float64Array
  /** Whether a single output is a yes or a no; else it is a quantity, which has no label to keep. */
  readonly isClassifier: boolean
}

/** Errors stay so many bits below the largest output. */
const outputBits = 8
/** Of the errors that count there: one in 370 is larger. */
const outputDeviations = 3
/** Of those that a label is safe from. */
const labelDeviations = 6
/** Samples whose errors are simulated. */
const simulated = 4

/** Who has so many bits too few has too few at any scale near by, whatever special primes it leaves room for. */
export const hopelessBits = -4
/** By which the first samples may err more than all do together: their root mean square is that of fewer. */
const ofFewer = Math.log2(simulated) / 2

const largestOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/**
 * By how many bits more the errors of a plan may be: until a calibration sample's margin is within the bound of `validate` (twice the
 * largest error, or twelve times the root mean square), or an error (the largest, or three times the root mean square) is less than
 * eight bits below a sample's largest output (of a quantity, which may be 0, below its median size). Negative where they are too
 * large already; of the first samples where these are hopeless. Stops before each sample.
 */
export function* spareBits(
  whole: PlannedSegments,
  { samples, outputs, scoresOf, isClassifier }: PrecisionNeed,
): InParts<number> {
  const normals = new NormalNumbers(1)
  const finite = outputs.filter(isFiniteOutput)
  const tried = evenly(
    [...samples.entries()].flatMap(([i, sample]) => {
      const exact = present(outputs[i])
      return isFiniteOutput(exact) ? [{ sample, exact }] : []
    }),
    simulated,
  )
  if (tried.length === 0) return -Infinity
  const hasLabels = present(outputs[0]).length > 1 || isClassifier
  const sizes = finite.map(largestOf)
  const size = hasLabels ? Math.min(...sizes) : present(median(sizes))
  const margin = hasLabels ? Math.min(...finite.map((output) => marginOf(scoresOf(output)))) : Infinity
  const kept = new KeptVectors()
  // Each sample asks for the same weights.
  const planned = { ...whole, segments: whole.segments.map((segment) => kept.of(segment)) }
  const first = present(planned.segments[0])
  const errors: Float64Array[] = []
  const scoreErrors: Float64Array[] = []
  let bits = -Infinity
  for (const [done, { sample, exact }] of tried.entries()) {
    // A plan of one segment is simulated in less time than one would look up.
    yield { done, total: planned.segments.length > 1 ? tried.length : 1, detail: 'simulated sample' }
    const noisy = runSegmentsNoisily(planned, fillBatch(first.plan, sample), normals).subarray(0, exact.length)
    errors.push(difference(noisy, exact))
    bits = Math.log2(size / boundOf(errors, outputDeviations)) - outputBits
    if (hasLabels) {
      scoreErrors.push(difference(scoresOf(noisy), scoresOf(exact)))
      bits = Math.min(bits, Math.log2(margin / (2 * boundOf(scoreErrors, labelDeviations))))
    }
    if (bits < hopelessBits - ofFewer) break
  }
  return bits
}

const difference = (left: Float64Array, right: Float64Array): Float64Array =>
  left.map((value, i) => value - present(right[i]))

/** The largest error, or so many of their deviations. */
function boundOf(errors: readonly Float64Array[], deviations: number): number {
  const all = errors.flatMap((each) => [...each])
  const squares = all.reduce((sum, error) => sum + error ** 2, 0)
  return Math.max(largestOf(all), deviations * Math.sqrt(squares / all.length))
}
