import { UserError } from '../core/errors.ts'
import { gaussian } from '../core/numeric/normal-numbers.ts'
import { secureUniform } from './secure-uniform.ts'

/**
 * How much noise hides what the decryption errors of honest evaluation would tell of the key. An edge that lies makes
 * larger errors, which no such bound covers.
 */
export interface Flooding {
  /** Standard deviation of the decryption error in the network's outputs, as an honest edge leaves it. */
  readonly noise: number
  /** Largest output less the smallest, on a typical input; of a single output its size. */
  readonly spread: number
  /** Times that all of a network's scores are released for one deployment in its lifetime, at most. */
  readonly releases: number
  /** Statistical security: 2^−bits bounds the advantage over all numbers of all releases together. */
  readonly statisticalBits: number
  /** Of the noise in an output, where more of it would change what the network's last steps make of the scores (`largestTailDeviation`). */
  readonly largestDeviation?: number
}

/**
 * Standard deviation of the Gaussian that floods one score: noise · √(12 · releases · scores) · 2^(bits / 2), with the
 * number of scores in a release, since each of them tells of the key. After "Securing Approximate Homomorphic
 * Encryption Using Differential Privacy" (Li, Micciancio, Schultz, Sorrell; CRYPTO 2022), whose bound counts single numbers.
 */
export const floodingDeviation = ({ noise, releases, statisticalBits }: Flooding, scores: number): number =>
  noise * Math.sqrt(12 * releases * scores) * 2 ** (statisticalBits / 2)

/** The noise may be this part of what scores span. */
const largestShare = 1 / 4

const largest = ({ spread, largestDeviation = Infinity }: Pick<Flooding, 'spread' | 'largestDeviation'>): number =>
  Math.min(largestShare * spread, largestDeviation)

/** Whether the noise that so many released scores need leaves something of them: at most a quarter of what they span, and the limit of the deployment's last steps. */
export const leavesScores = (flooding: Flooding, scores: number): boolean =>
  floodingDeviation(flooding, scores) <= largest(flooding)

/** Outputs beyond this many times what they span on a typical input are no network's: they are refused, and so bound what a score tells. */
const largestOutput = 16

/** @throws UserError implausible-result */
export function refuseFarOutputs(outputs: Float64Array, { spread }: Flooding): void {
  if (outputs.every((output) => Math.abs(output) <= largestOutput * spread)) return
  throw new UserError('implausible-result', 'The result holds scores far beyond those of the network.')
}

/**
 * Bits that each of so many released scores can tell, at most: the capacity of a channel whose input lies within ±A and to which a
 * Gaussian of deviation σ is added, log2(1 + 2A / (σ · √(2πe))) (McKellips, ISIT 2004).
 */
export function bitsPerScore(flooding: Flooding, scores: number): number {
  const width = 2 * largestOutput * flooding.spread
  return Math.log2(1 + width / (floodingDeviation(flooding, scores) * Math.sqrt(2 * Math.PI * Math.E)))
}

/** How many releases of so many scores leave them. */
export const mostReleases = (flooding: Omit<Flooding, 'releases'>, scores: number): number =>
  Math.floor(largest(flooding) ** 2 / (12 * scores * flooding.noise ** 2 * 2 ** flooding.statisticalBits))

/**
 * All outputs for one image, with fresh Gaussian noise, rounded to the decimal place that the noise leaves meaningful. Whether the scores
 * survive is decided by the deployment alone: a refusal that depended on the outputs would tell of them.
 * @throws UserError scores-too-noisy
 */
export function flood(outputs: Float64Array, flooding: Flooding): Float64Array {
  const deviation = floodingDeviation(flooding, outputs.length)
  if (!leavesScores(flooding, outputs.length)) {
    const { spread, largestDeviation } = flooding
    const bears = `what follows the scores bears ${(largestDeviation ?? 0).toPrecision(2)}`
    const beside = largest(flooding) === largestDeviation ? bears : `scores that span ${spread.toPrecision(2)}`
    const figures = `${deviation.toPrecision(2)} beside ${beside}`
    throw new UserError('scores-too-noisy', `The noise that protects the key would drown the scores: ${figures}.`, {
      hint: 'Reveal the label or the top k, or export the network again with --reveal scores.',
    })
  }
  const places = -Math.floor(Math.log10(deviation))
  return outputs.map((output) => rounded(output + deviation * gaussian(secureUniform), places))
}

/** To so many decimal places, fewer than none too. Powers of ten with a negative exponent are not exact: 41 · 0.01 is 0.41000000000000003. */
const rounded = (value: number, places: number): number =>
  places >= 0 ? Math.round(value * 10 ** places) / 10 ** places : Math.round(value / 10 ** -places) * 10 ** -places
