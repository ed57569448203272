import { modPow } from './primes.ts'

/** 2^27 + 1: halves an f64's digits (Dekker 1971). */
const SPLITTER = 134217729
/** Adding and subtracting it rounds to the nearest integer, halves to even. */
const ROUND = 1.5 * 2 ** 52

/** a·b mod p in [0, p), exactly, for integers with `|a|, |b| < 2^50` and `p < 2^50`. */
export function multiplyModulo(a: number, b: number, p: number): number {
  const product = a * b
  const quotient = product / p + ROUND - ROUND
  const multiple = quotient * p
  // What rounding took from either product is an f64 too; their difference is a whole number.
  const rest = product - multiple + (roundingOf(a, b, product) - roundingOf(quotient, p, multiple))
  return rest < 0 ? rest + p : rest >= p ? rest - p : rest
}

/** x·y − product. */
function roundingOf(x: number, y: number, product: number): number {
  const cx = SPLITTER * x
  const x1 = cx - (cx - x)
  const x0 = x - x1
  const cy = SPLITTER * y
  const y1 = cy - (cy - y)
  const y0 = y - y1
  return x0 * y0 - (product - x1 * y1 - x0 * y1 - x1 * y0)
}

/**
 * Polynomials modulo X^n + 1 and a prime below 2^50 that is 1 modulo 2n, in plain numbers. Transformed ones are in SEAL's
 * order: bit-reversed, minimal primitive root. Residues are in [0, p).
 */
export class ResidueRing {
  readonly p: number
  readonly n: number
  readonly #roots: Float64Array
  readonly #inverseRoots: Float64Array
  readonly #sizeInverse: number

  constructor(prime: bigint, n: number) {
    this.p = Number(prime)
    this.n = n
    const root = smallestRoot(prime, n)
    this.#roots = reversedPowers(root, this.p, n)
    this.#inverseRoots = reversedPowers(Number(modPow(BigInt(root), prime - 2n, prime)), this.p, n)
    this.#sizeInverse = Number(modPow(BigInt(n), prime - 2n, prime))
  }

  /** Of integers under 2^53 in size, in place. */
  forward(values: Float64Array): Float64Array {
    const { p, n } = this
    for (let i = 0; i < n; i++) values[i] = this.residue(values[i])
    for (let groups = 1, gap = n / 2; gap >= 1; groups *= 2, gap /= 2) {
      for (let i = 0; i < groups; i++) {
        const root = this.#roots[groups + i]
        for (let j = 2 * i * gap; j < (2 * i + 1) * gap; j++) {
          const x = values[j]
          const y = multiplyModulo(values[j + gap], root, p)
          values[j] = x + y >= p ? x + y - p : x + y
          values[j + gap] = x < y ? x - y + p : x - y
        }
      }
    }
    return values
  }

  /** In place. */
  backward(values: Float64Array): Float64Array {
    const { p, n } = this
    for (let groups = n / 2, gap = 1; groups >= 1; groups /= 2, gap *= 2) {
      for (let i = 0; i < groups; i++) {
        const root = this.#inverseRoots[groups + i]
        for (let j = 2 * i * gap; j < (2 * i + 1) * gap; j++) {
          const [x, y] = [values[j], values[j + gap]]
          values[j] = x + y >= p ? x + y - p : x + y
          values[j + gap] = multiplyModulo(x < y ? x - y + p : x - y, root, p)
        }
      }
    }
    for (let i = 0; i < n; i++) values[i] = multiplyModulo(values[i], this.#sizeInverse, p)
    return values
  }

  residue(x: number): number {
    const rest = x % this.p
    return rest < 0 ? rest + this.p : rest + 0
  }

  centred(residue: number): number {
    return 2 * residue > this.p ? residue - this.p : residue
  }
}

/** For X → X^element, element odd: where each coefficient of a transformed polynomial's image comes from. */
export function automorphism(element: number, n: number): Uint32Array {
  const bits = Math.log2(n)
  const power = element % (2 * n)
  return Uint32Array.from({ length: n }, (_, i) => {
    const exponent = ((2 * reversed(i, bits) + 1) * power) % (2 * n)
    return reversed((exponent - 1) / 2, bits)
  })
}

function reversed(value: number, bits: number): number {
  let out = 0
  for (let bit = 0; bit < bits; bit++) out |= ((value >> bit) & 1) << (bits - 1 - bit)
  return out
}

function smallestRoot(prime: bigint, n: number): number {
  const exponent = (prime - 1n) / BigInt(2 * n)
  let any = 0n
  for (let base = 2n; any === 0n; base++) {
    const root = modPow(base, exponent, prime)
    if (modPow(root, BigInt(n), prime) === prime - 1n) any = root
  }
  const p = Number(prime)
  const square = Number((any * any) % prime)
  let smallest = Number(any)
  for (let i = 1, root = smallest; i < n; i++) {
    root = multiplyModulo(root, square, p)
    if (root < smallest) smallest = root
  }
  return smallest
}

function reversedPowers(root: number, p: number, n: number): Float64Array {
  const bits = Math.log2(n)
  const powers = new Float64Array(n)
  for (let i = 0, power = 1; i < n; i++, power = multiplyModulo(power, root, p)) powers[reversed(i, bits)] = power
  return powers
}
