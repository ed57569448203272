import { invariant } from '../core/errors.ts'
import { modPow } from '../core/numeric/primes.ts'

/** Modulo a prime. */
export const inverse = (value: bigint, prime: bigint): bigint => modPow(value, prime - 2n, prime)

/** Some primitive 2n-th root of unity modulo a prime that is 1 modulo 2n, n a power of two. */
export function primitiveRoot(prime: bigint, n: number): bigint {
  invariant(prime % BigInt(2 * n) === 1n, 'primitiveRoot: the prime is 1 modulo twice the degree')
  const exponent = (prime - 1n) / BigInt(2 * n)
  for (let base = 2n; ; base++) {
    const root = modPow(base, exponent, prime)
    if (modPow(root, BigInt(n), prime) === prime - 1n) return root
  }
}

/** The Galois element of a left rotation, `0 < steps < n/2`: SEAL's generator is 3. */
export const galoisElement = (steps: number, n: number): number => Number(modPow(3n, BigInt(steps), BigInt(2 * n)))

/** Inverse of an odd number modulo 2n, a power of two: the units' orders divide n. */
export const inverseElement = (element: number, n: number): number =>
  Number(modPow(BigInt(element), BigInt(n - 1), BigInt(2 * n)))

/** The lowest `bits` bits (at most 31) in the opposite order. */
export function reverseBits(value: number, bits: number): number {
  let reversed = 0
  for (let bit = 0; bit < bits; bit++) reversed |= ((value >> bit) & 1) << (bits - 1 - bit)
  return reversed
}
