import { bitLength } from '../core/numeric/primes.ts'
import { inverse, primitiveRoot } from './number-theory.ts'
import type { Kernels } from './wasm.ts'

/** Largest prime the f64 kernels take; docs/kernels.md has the bounds. */
export const MAX_PRIME_BITS = 50
/** Primes up to this size need no reduction inside a transform. */
const LAZY_PRIME_BITS = 48
/** Products in sums are at most this times p²: of what a transform leaves and a residue, or of two sums of two residues. */
const LAZY_GROWTH = 10.2
const TIGHT_GROWTH = 4
const PRIME_BYTES = 96
/** Its f64 numbers, before the whole ones. */
const PRIME_NUMBERS = 7

/** Bytes of a packed residue. */
const packedWidth = (prime: bigint): number => Math.ceil(bitLength(prime) / 8)

/** Bytes of one part of a packed value over these primes: assembly/packed.ts. */
export const packedPartBytes = (n: number, primes: readonly bigint[]): number =>
  primes.reduce((bytes, prime) => bytes + n * packedWidth(prime), 0)

const tablesBytes = (n: number, primes: number): number => 4 * 8 * n + 8 * primes

/** One record per prime (assembly/prime.ts), then the tables they point to. */
export const primeTableBytes = (n: number, primes: number): number => primes * (PRIME_BYTES + tablesBytes(n, primes))

/** Writes at `address` what the kernels read of each prime: first its constants, then its roots for transforms of n coefficients. */
export function writePrimeTable(
  memory: WebAssembly.Memory,
  kernels: Kernels,
  address: number,
  n: number,
  primes: readonly bigint[],
): void {
  primes.forEach((prime, index) => {
    const p = Number(prime)
    const tables = address + primes.length * PRIME_BYTES + index * tablesBytes(n, primes.length)
    const [roots, rootQuotients, inverseRoots, inverseRootQuotients, inverses] = [0, 1, 2, 3, 4].map(
      (table) => tables + table * 8 * n,
    )
    const root = kernels.smallestRoot(Number(primitiveRoot(prime, n)), n, p)
    kernels.writeRoots(roots, rootQuotients, root, n, p)
    kernels.writeRoots(inverseRoots, inverseRootQuotients, Number(inverse(BigInt(root), prime)), n, p)
    new Float64Array(memory.buffer, inverses, primes.length).set(
      primes.map((other) => (other === prime ? 0 : Number(smallest(inverse(other % prime, prime), prime)))),
    )
    const tight = bitLength(prime) > LAZY_PRIME_BITS
    const { unitBits, chunk } = sumConstants(prime, tight ? TIGHT_GROWTH : LAZY_GROWTH)
    const record = address + index * PRIME_BYTES
    new Float64Array(memory.buffer, record, PRIME_NUMBERS).set([
      ...[p, 1 / p, 1.5 * 2 ** (52 + unitBits), 2 ** -unitBits],
      Number(power2(unitBits) % prime),
      Number(inverse(BigInt(n), prime)),
      1.5 * 2 ** 52,
    ])
    new Uint32Array(memory.buffer, record + 8 * PRIME_NUMBERS, 8).set([
      ...[chunk, tight ? 1 : 0, roots, rootQuotients, inverseRoots, inverseRootQuotients, inverses],
      packedWidth(prime),
    ])
  })
}

/** One prime, and the powers of its root ψ: ψ^i, in least size, at the reversed bits of i. */
export function rootsOf(
  memory: WebAssembly.Memory,
  primeTable: number,
  index: number,
  n: number,
): { p: number; roots: Float64Array } {
  const record = primeTable + index * PRIME_BYTES
  const [p] = new Float64Array(memory.buffer, record, 1)
  const [, , roots] = new Uint32Array(memory.buffer, record + 8 * PRIME_NUMBERS, 3)
  return { p, roots: new Float64Array(memory.buffer, roots, n) }
}

/** Of the numbers that are x modulo p, the smallest in size. */
const smallest = (x: bigint, p: bigint): bigint => (2n * x > p ? x - p : x)

const power2 = (bits: number): bigint => 1n << BigInt(bits)

/**
 * The unit 2^k of a sum's high accumulator that lets most products a·b, `|a| ≤ growth·p`, `|b| < p`, be added before a
 * fold: the sum and its rests stay under 2^(51+k), the rests alone under 2^53 − 2^51. A rest is at most 2^(k−1) and,
 * without fused multiply-add, the rounding error of a product.
 */
export function sumConstants(prime: bigint, growth: number): { unitBits: number; chunk: number } {
  const product = prime * BigInt(Math.ceil(Number(prime) * growth))
  let best = { unitBits: 0, chunk: 0 }
  for (let unitBits = 3; unitBits <= 52; unitBits++) {
    const rest = power2(unitBits - 1) + product / power2(53) + 1n
    const bySum = (power2(51 + unitBits) - power2(53)) / product
    const byRests = (power2(53) - power2(51)) / rest
    const chunk = Math.min(Number(bySum < byRests ? bySum : byRests), 2 ** 20)
    if (chunk > best.chunk) best = { unitBits, chunk }
  }
  return best
}
