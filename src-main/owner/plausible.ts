import { UserError } from '../core/errors.ts'
import type { CkksParameters } from '../core/plan/plan.ts'

/** Where a value stands in the modulus chain. */
interface Standing {
  readonly primes: number
  readonly scale: number
}

/**
 * Decrypting what was computed under another key, or bytes that were made up, gives coefficients that are uniform over
 * the whole modulus; a plan's values stay far below it, since they would wrap around otherwise, as they do where polynomials
 * overflow on an input. Finds such noise, not a cunning lie.
 * @throws UserError implausible-result
 */
export function refuseNoise(slots: Float64Array, { primes }: CkksParameters, { primes: count, scale }: Standing): void {
  const modulusBits = primes.slice(0, count).reduce((bits, prime) => bits + Math.log2(Number(prime)), 0)
  // A real slot of uniform coefficients has a deviation of q / √12 · √(N / 2) / scale, with N / 2 slots.
  const uniformBits = modulusBits - Math.log2(scale) + 0.5 * Math.log2(slots.length / 12)
  const square = slots.reduce((sum, slot) => sum + slot * slot, 0) / slots.length
  if (0.5 * Math.log2(square) < uniformBits - 2) return
  throw new UserError(
    'implausible-result',
    'The result decrypts to noise: it was computed under another key, or made up, or its input is so unlike the calibration samples that polynomials overflow.',
    { hint: 'validate tells on how many samples they do, and Test or validate --encrypted what such an input gives.' },
  )
}
