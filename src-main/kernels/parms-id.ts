import { blake2b } from '@noble/hashes/blake2.js'

const CKKS = 2n

/** SEAL's identity of a modulus chain: BLAKE2b-256 of scheme, degree, primes and plain modulus as u64 words. */
export function parmsId(n: number, primes: readonly bigint[]): Uint8Array {
  const words = BigUint64Array.from([CKKS, BigInt(n), ...primes, 0n])
  return blake2b(new Uint8Array(words.buffer), { dkLen: 32 })
}
