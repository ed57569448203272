import { bitLength } from '../core/numeric/primes.ts'
import { automorphism, multiplyModulo, ResidueRing } from '../core/numeric/residue-ring.ts'
import { allPrimesOf, digitsOf, keyChainOf, keyFormOf } from '../core/plan/key-form.ts'
import { rotationGaloisIndex } from './galois.ts'
import type { SealContext } from './context.ts'
import { packResidues, unpackResidues } from '../core/bundle/residues.ts'
import { SEED_BYTES } from './seal-form.ts'

/** A packed encryption of zero over the primes of a key's chain, fresh at each call. */
export type EncryptZero = () => Uint8Array

/**
 * The owner's hybrid keys. Digit j of a key for s′, on the chain of ℓ data primes and the special primes, whose product is P, is
 * an encryption of zero over all of them (SEAL's, its randomness included), to which P·s′ is added modulo the digit's own primes.
 */
export class HybridKeyMaker {
  readonly #context: SealContext
  /** The secret modulo each prime of key-form.ts, transformed. */
  readonly #secret: readonly Float64Array[]

  /** `secret`: its residues modulo each prime of the context, in SEAL's order. */
  constructor(context: SealContext, secret: readonly Float64Array[]) {
    const { polyModulusDegree: n, keySwitching } = context.parameters
    this.#context = context
    const first = new ResidueRing(BigInt(context.parameters.primes[0]), n)
    const ternary = first.backward(secret[0].slice()).map((x) => first.centred(x))
    const more =
      keySwitching?.keyPrimes.map((prime) => new ResidueRing(BigInt(prime), n).forward(ternary.slice())) ?? []
    ternary.fill(0)
    this.#secret = [...secret, ...more]
  }

  /** The secret modulo the primes of the chain of keys for `primes` data primes. */
  secretOf(primes: number): Float64Array[] {
    return keyChainOf(this.#context.parameters, primes).map((index) => this.#secret[index])
  }

  relinearisationKey(primes: number, encryptZero: EncryptZero): Uint8Array {
    const squares = this.#each(primes, (x, p) => multiplyModulo(x, x, p))
    return this.#key(primes, squares, encryptZero)
  }

  /** One after the other. */
  rotationKeys(primes: number, steps: readonly number[], encryptZero: EncryptZero): Uint8Array {
    const n = this.#context.parameters.polyModulusDegree
    const keys = steps.map((step) => {
      const from = automorphism(2 * rotationGaloisIndex(step, n) + 1, n)
      const turned = this.#secret.slice(0, primes).map((residues) => residues.map((_, i) => residues[from[i]]))
      return this.#key(primes, turned, encryptZero)
    })
    const out = new Uint8Array(keys.length * keys[0].length)
    keys.forEach((key, i) => out.set(key, i * key.length))
    return out
  }

  delete(): void {
    for (const residues of this.#secret) residues.fill(0)
  }

  #each(primes: number, map: (x: number, p: number) => number): Float64Array[] {
    return this.#secret.slice(0, primes).map((residues, index) => {
      const p = Number(this.#context.parameters.primes[index])
      return residues.map((x) => map(x, p))
    })
  }

  #key(primes: number, target: readonly Float64Array[], encryptZero: EncryptZero): Uint8Array {
    const { parameters } = this.#context
    const chain = keyChainOf(parameters, primes)
    const all = allPrimesOf(parameters)
    const divisor = chain.slice(primes).reduce((product, index) => product * BigInt(all[index]), 1n)
    const digits = digitsOf(keyFormOf(parameters, primes), primes).map(([first, end]) => {
      const packed = encryptZero()
      for (let index = first; index < end; index++) {
        const factor = Number(divisor % BigInt(all[index]))
        addMultiple(packed, all.slice(0, index), all[index], target[index], factor)
      }
      return packed
    })
    for (const residues of target) residues.fill(0)
    const out = new Uint8Array(digits.length * digits[0].length)
    digits.forEach((digit, j) => out.set(digit, j * digit.length))
    return out
  }
}

/** Adds factor·value to the first part of a packed ciphertext, modulo the prime that comes after those before it. */
function addMultiple(
  packed: Uint8Array,
  before: readonly string[],
  prime: string,
  value: Float64Array,
  factor: number,
): void {
  const n = value.length
  const p = Number(prime)
  const bits = bitLength(prime)
  const start = SEED_BYTES + before.reduce((bytes, other) => bytes + (n * bitLength(other)) / 8, 0)
  const words = new Uint32Array(2 * n)
  unpackResidues(packed.subarray(start, start + (n * bits) / 8), bits, words)
  for (let i = 0; i < n; i++) {
    const sum = words[2 * i] + 2 ** 32 * words[2 * i + 1] + multiplyModulo(value[i], factor, p)
    const residue = sum >= p ? sum - p : sum
    words[2 * i] = residue % 2 ** 32
    words[2 * i + 1] = Math.floor(residue / 2 ** 32)
  }
  packed.set(packResidues(words, bits), start)
}
