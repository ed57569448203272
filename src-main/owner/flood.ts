import { UserError } from '../core/errors.ts'
import { gaussian, secureUniform } from './gaussian.ts'

/** How much noise hides what the exact decryption errors would tell of the key. */
export interface Flooding {
  /** Standard deviation of the decryption error in the network's outputs. */
  readonly noise: number
  /** Largest output less the smallest, on a typical input. */
  readonly spread: number
  /** Scores released for one deployment in its lifetime, at most. */
  readonly releases: number
  /** Statistical security: 2^−bits bounds the advantage over all releases. */
  readonly statisticalBits: number
}

/**
 * Standard deviation of the Gaussian that floods one score: noise · √(12 · releases) · 2^(bits / 2), after
 * "Securing Approximate Homomorphic Encryption Using Differential Privacy" (Li, Micciancio, Schultz, Sorrell;
 * CRYPTO 2022).
 */
export const floodingDeviation = ({ noise, releases, statisticalBits }: Flooding): number =>
  noise * Math.sqrt(12 * releases) * 2 ** (statisticalBits / 2)

/** The noise may be this part of what scores span. */
const largestShare = 1 / 4

export const leavesScores = (flooding: Flooding): boolean =>
  floodingDeviation(flooding) <= largestShare * flooding.spread

/** How many releases leave scores. */
export const mostReleases = ({ noise, spread, statisticalBits }: Omit<Flooding, 'releases'>): number =>
  Math.floor((largestShare * spread) ** 2 / (12 * noise ** 2 * 2 ** statisticalBits))

/**
 * Outputs with fresh Gaussian noise, rounded to the decimal place that the noise leaves meaningful. Whether the scores
 * survive is decided by the deployment alone: a refusal that depended on the outputs would tell of them.
 * @throws UserError scores-too-noisy
 */
export function flood(outputs: Float64Array, flooding: Flooding): Float64Array {
  const deviation = floodingDeviation(flooding)
  if (!leavesScores(flooding)) {
    const figures = `${deviation.toPrecision(2)} beside scores that span ${flooding.spread.toPrecision(2)}`
    throw new UserError('scores-too-noisy', `The noise that protects the key would drown the scores: ${figures}.`, {
      hint: 'Reveal the label or the top k, or export the network anew with --reveal scores.',
    })
  }
  const unit = 10 ** Math.floor(Math.log10(deviation))
  return outputs.map((output) => Math.round((output + deviation * gaussian(secureUniform)) / unit) * unit)
}
