import { bitLength } from '../numeric/primes.ts'
import { dataPrimesOf, type CkksParameters, type KeyForm } from './plan.ts'

/*
 * A key for values with at most ℓ primes is made over these and its special primes: the chain's own, the key primes and, as
 * many as are wanted, data primes that such a value no longer has, the last of the chain first. So the modulus of a key is
 * never more than all primes together, whose bound security.ts holds.
 */

/** Digits and special primes of a key, at most: docs/kernels.md says what sums of so many products need. */
export const MAX_FORM_PRIMES = 8

/** What keys of SEAL's own form have. */
export const SEAL_FORM: KeyForm = { digitPrimes: 1, specialPrimes: 1 }

/** The plan's primes, then the key primes: what the indices of this file are of. */
export const allPrimesOf = ({ primes, keySwitching }: CkksParameters): readonly string[] =>
  keySwitching ? [...primes, ...keySwitching.keyPrimes] : primes

/** Of a key for values with at most so many primes. */
export const keyFormOf = ({ keySwitching }: CkksParameters, dataPrimes: number): KeyForm =>
  keySwitching?.forms[dataPrimes - 1] ?? SEAL_FORM

/** Primes that may be special for values of `dataPrimes` primes, in the order in which they are taken. */
export function specialPrimesFor(parameters: CkksParameters, dataPrimes: number): number[] {
  const chain = dataPrimesOf(parameters)
  const beyond = allPrimesOf(parameters).length - chain
  const dropped = Array.from({ length: chain - dataPrimes }, (_, i) => chain - 1 - i)
  return [...Array.from({ length: beyond }, (_, i) => chain + i), ...dropped]
}

/** The primes of a key, data primes first. */
export function keyChainOf(parameters: CkksParameters, dataPrimes: number): number[] {
  const { specialPrimes } = keyFormOf(parameters, dataPrimes)
  return [
    ...Array.from({ length: dataPrimes }, (_, i) => i),
    ...specialPrimesFor(parameters, dataPrimes).slice(0, specialPrimes),
  ]
}

type Digits = readonly (readonly [number, number])[]

/** Searches ask for the same few millions of times. */
const knownDigits = new Map<number, Digits>()
const MOST_PRIMES = 1024

/** [first, end) of the data primes of each digit, of a value with so many primes. */
export function digitsOf({ digitPrimes }: KeyForm, primes: number): Digits {
  const key = digitPrimes * MOST_PRIMES + primes
  let digits = knownDigits.get(key)
  if (!digits) {
    digits = Array.from({ length: Math.ceil(primes / digitPrimes) }, (_, i) => [
      i * digitPrimes,
      Math.min(primes, (i + 1) * digitPrimes),
    ])
    knownDigits.set(key, digits)
  }
  return digits
}

/** Residue polynomials of one seeded key for values with at most so many primes. */
export function keySizeOf(parameters: CkksParameters, dataPrimes: number): number {
  const { digitPrimes, specialPrimes } = keyFormOf(parameters, dataPrimes)
  return Math.ceil(dataPrimes / digitPrimes) * (dataPrimes + specialPrimes)
}

/** Bytes of a packed ciphertext's seed. */
const SEED_BYTES = 64

/** Bytes of one key in a bundle. */
export function keyBytesOf(parameters: CkksParameters, dataPrimes: number): number {
  const all = allPrimesOf(parameters)
  const chain = keyChainOf(parameters, dataPrimes)
  const bits = chain.reduce((sum, index) => sum + bitLength(all[index]), 0)
  const digits = Math.ceil(dataPrimes / keyFormOf(parameters, dataPrimes).digitPrimes)
  return digits * (SEED_BYTES + (parameters.polyModulusDegree * bits) / 8)
}
