/** One prime's record in memory, written by src-main/kernels/prime-table.ts in this order. */
@unmanaged
export class Prime {
  p: f64
  inverse: f64
  /** Where a product sum's high accumulator starts: 1.5·2^(52+k). */
  sumStart: f64
  /** 2^-k, and 2^k mod p. */
  sumScale: f64
  sumUnit: f64
  /** 1/N mod p. */
  sizeInverse: f64
  /** 1.5·2^52, from memory so that engines keep it in a register. */
  round: f64
  /** Products that fit between two folds. */
  chunk: i32
  /** Not 0: reduce in every pass of a transform (primes over 48 bits). */
  tight: i32
  /** Powers of the root in bit-reversed order and their quotients by p, N each. */
  roots: usize
  rootQuotients: usize
  inverseRoots: usize
  inverseRootQuotients: usize
  /** For each prime of the chain, its inverse modulo this one. */
  primeInverses: usize
  /** Bytes of a packed residue. */
  width: i32
}

/** More than the fields take: a multiple of 32, so that no pair of a table behind the records is on two cache lines. */
export const PRIME_BYTES: usize = 96
