/** Primes for CKKS: p ≡ 1 (mod 2N), so that the negacyclic number-theoretic transform exists. */

/** Binary digits of a positive number, given as such or as decimal digits. */
export const bitLength = (value: bigint | string): number => BigInt(value).toString(2).length

const witnesses = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n]

/** Miller-Rabin; these witnesses decide every number below 3.3·10²⁴ (Sorenson, Webster 2015). */
export function isPrime(candidate: bigint): boolean {
  if (candidate < 2n) return false
  for (const p of witnesses) if (candidate % p === 0n) return candidate === p
  let odd = candidate - 1n
  let twos = 0
  while (odd % 2n === 0n) {
    odd /= 2n
    twos += 1
  }
  return witnesses.every((witness) => {
    let power = modPow(witness, odd, candidate)
    if (power === 1n || power === candidate - 1n) return true
    for (let i = 1; i < twos; i++) {
      power = (power * power) % candidate
      if (power === candidate - 1n) return true
    }
    return false
  })
}

/** base^exponent modulo `modulus`, for exponent ≥ 0. */
export function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/**
 * `count` distinct primes of exactly `bits` bits for ring degree `polyModulusDegree`, nearest to 2^bits
 * from below (so that scales stay aligned), skipping those in `taken`.
 */
export function nttPrimes(
  polyModulusDegree: number,
  bits: number,
  count: number,
  taken: ReadonlySet<bigint>,
): bigint[] {
  const step = BigInt(2 * polyModulusDegree)
  const found: bigint[] = []
  const lowest = 1n << BigInt(bits - 1)
  for (let p = (1n << BigInt(bits)) + 1n - step; found.length < count && p > lowest; p -= step) {
    if (!taken.has(p) && isPrime(p)) found.push(p)
  }
  return found
}
