import { multiplyModulo, ResidueRing } from '../numeric/residue-ring.ts'
import { modPow } from '../numeric/primes.ts'
import { allPrimesOf, digitsOf, specialPrimesFor } from './key-form.ts'
import type { CkksParameters, KeyForm } from './plan.ts'

/** Residues of a transformed polynomial modulo each prime. */
export type Residues = readonly Float64Array[]

/** A hybrid key, [digit][part][prime of its chain]. */
export interface HybridKey {
  readonly form: KeyForm
  /** Data primes of its chain; the special ones follow them. */
  readonly dataPrimes: number
  readonly digits: readonly (readonly [Residues, Residues])[]
}

/**
 * Hybrid key switching in plain numbers, word for word what the kernels give: docs/kernels.md. It is for machines without
 * them.
 */
export class KeySwitcher {
  readonly #parameters: CkksParameters
  readonly #primes: readonly bigint[]
  readonly #rings = new Map<number, ResidueRing>()

  constructor(parameters: CkksParameters) {
    this.#parameters = parameters
    this.#primes = allPrimesOf(parameters).map(BigInt)
  }

  /** Both parts of an encryption, under the main key, of the value times what the key is of. */
  switchKeys(value: Residues, key: HybridKey): [Residues, Residues] {
    const primes = value.length
    const special = specialPrimesFor(this.#parameters, primes).slice(0, key.form.specialPrimes)
    const chain = [...value.keys(), ...special]
    const ranges = digitsOf(key.form, primes)
    const parts = ranges.flatMap(([first, end]) => this.#split(value, first, end))
    const raised = ranges.map(([first, end]) =>
      chain.map((index) => (index >= first && index < end ? value[index] : this.#combine(parts, first, end, index))),
    )
    const sums = [0, 1].map((part) =>
      chain.map((index, at) => {
        const from = at < primes ? at : at - primes + key.dataPrimes
        const sum = new Float64Array(value[0].length)
        raised.forEach((digit, j) => this.#addProducts(sum, digit[at], key.digits[j][part][from], index))
        return sum
      }),
    )
    return sums.map((sum) => this.#divide(sum.slice(0, primes), sum.slice(primes), special)) as [Residues, Residues]
  }

  /** x·(D/q)⁻¹ mod q, centred, for the primes q of a digit, whose product is D. */
  #split(value: Residues, first: number, end: number): Float64Array[] {
    return value.slice(first, end).map((residues, i) => {
      const ring = this.#ring(first + i)
      const others = this.#product(first, end, first + i)
      const factor = this.#inverse(others, first + i)
      return ring.backward(residues.slice()).map((x) => ring.centred(multiplyModulo(x, factor, ring.p)))
    })
  }

  /** Σ part·(D/q), transformed, modulo another prime. */
  #combine(parts: Residues, first: number, end: number, index: number): Float64Array {
    const ring = this.#ring(index)
    const sum = new Float64Array(ring.n)
    for (let i = first; i < end; i++) {
      const factor = Number(this.#product(first, end, i) % this.#primes[index])
      for (let k = 0; k < ring.n; k++) sum[k] += multiplyModulo(parts[i][k], factor, ring.p)
    }
    return ring.forward(sum)
  }

  /** (sum − its remainder by P, centred) / P. */
  #divide(sum: Residues, rest: Residues, special: readonly number[]): Residues {
    const divisor = special.reduce((product, index) => product * this.#primes[index], 1n)
    const digits = this.#mixedDigits(rest, special)
    return sum.map((residues, index) => {
      const ring = this.#ring(index)
      const { p } = ring
      const remainder = digits[0].slice()
      let radix = 1n
      for (let i = 1; i < special.length; i++) {
        radix *= this.#primes[special[i - 1]]
        const factor = Number(radix % this.#primes[index])
        for (let k = 0; k < ring.n; k++) remainder[k] += multiplyModulo(digits[i][k], factor, p)
      }
      const inverse = this.#inverse(divisor, index)
      const moved = ring.forward(remainder)
      return residues.map((x, k) => multiplyModulo(x - moved[k], inverse, p))
    })
  }

  /** The centred digits of the centred remainder d₀ + s₀·(d₁ + s₁·(…)), from its residues modulo the special primes s. */
  #mixedDigits(rest: Residues, special: readonly number[]): Float64Array[] {
    const digits: Float64Array[] = []
    for (const [i, index] of special.entries()) {
      const ring = this.#ring(index)
      const digit = ring.backward(rest[i].slice()).map((x) => ring.centred(x))
      for (const [j, lower] of digits.entries()) {
        const inverse = this.#inverse(this.#primes[special[j]], index)
        for (let k = 0; k < ring.n; k++) digit[k] = ring.centred(multiplyModulo(digit[k] - lower[k], inverse, ring.p))
      }
      digits.push(digit)
    }
    return digits
  }

  #addProducts(sum: Float64Array, digit: Float64Array, key: Float64Array, index: number): void {
    const { p } = this.#ring(index)
    for (let k = 0; k < sum.length; k++) {
      const next = sum[k] + multiplyModulo(digit[k], key[k], p)
      sum[k] = next >= p ? next - p : next
    }
  }

  /** Of the primes of a digit, all but one. */
  #product(first: number, end: number, but: number): bigint {
    return this.#primes.slice(first, end).reduce((all, prime, i) => (first + i === but ? all : all * prime), 1n)
  }

  #inverse(value: bigint, index: number): number {
    const prime = this.#primes[index]
    return Number(modPow(value % prime, prime - 2n, prime))
  }

  #ring(index: number): ResidueRing {
    const known = this.#rings.get(index) ?? new ResidueRing(this.#primes[index], this.#parameters.polyModulusDegree)
    this.#rings.set(index, known)
    return known
  }
}
