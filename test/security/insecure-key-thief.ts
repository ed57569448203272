import {
  loadCiphertextParts,
  PublicEncryptor,
  saveCiphertext,
  SealKeys,
  type Ciphertext,
  type SealContext,
} from '../../src-main/seal/public.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'
import { insecureContext } from '../seal/insecure.ts'

/** At what level and scale the plan's results are. */
const output = { primes: 1, scale: 2 ** 30 }
const tracePrimes = 2
const traceScale = 2 ** 30
const headerBytes = 113

/** Labels for pairs of ternary coefficients: the tenth is never the largest. */
const pairs = [-1, 0, 1].flatMap((left) => [-1, 0, 1].map((right) => [left, right] as const))

/**
 * Makes ciphertexts whose decryption is a piece of the secret key, out of what any edge has: public key, rotation keys and
 * SEAL. (0, Xᵏ) decrypts to Xᵏ·s; summed over all rotations, one coefficient of s stands in every slot. The label is then the pair
 * (a, b) whose u = (a, b) makes u·(sᵢ, sⱼ) − |u|²/2 largest: the one that is nearest.
 */
export class InsecureKeyThief {
  readonly context: SealContext
  readonly output = output
  /** The owner's; the thief uses public and rotation keys alone. */
  readonly key: OwnerKey
  readonly #keys: SealKeys
  readonly #encryptor: PublicEncryptor
  readonly #degree: number

  private constructor(context: SealContext, key: OwnerKey) {
    this.context = context
    this.key = key
    this.#degree = context.parameters.polyModulusDegree
    this.#keys = new SealKeys(context)
    this.#keys.add(key.evaluationKeys(tracePrimes, false, this.#steps()))
    this.#encryptor = new PublicEncryptor(context, key.publicKey())
  }

  static async start(): Promise<InsecureKeyThief> {
    const context = await insecureContext()
    return new InsecureKeyThief(context, OwnerKey.generate(context))
  }

  /** In the form of a result, and as random to look at. */
  resultAbout([first, second]: readonly [number, number]): Ciphertext {
    const { context } = this
    const { evaluator } = context
    const own: { delete(): void }[] = []
    const made = <T extends { delete(): void }>(thing: T): T => (own.push(thing), thing)
    const ciphertext = (): Ciphertext => made(new context.seal.bindings.Ciphertext())
    try {
      const maskScale = (output.scale * Number(context.parameters.primes[1])) / traceScale
      const masked = [first, second].map((place, i) => {
        const everywhere = made(this.#inAllSlots(place))
        const mask = this.#perLabel((pair) => pair[i])
        const out = ciphertext()
        evaluator.multiplyPlain(everywhere, made(context.encode(mask, maskScale, tracePrimes)), out)
        return out
      })
      const sum = ciphertext()
      evaluator.add(masked[0], masked[1], sum)
      const rescaled = ciphertext()
      evaluator.rescaleToNext(sum, rescaled)
      rescaled.setScale(output.scale)
      // Constants, and all other slots far below; encrypting them adds fresh randomness.
      const constants = this.#perLabel(([a, b]) => -(a * a + b * b) / 2, -9)
      const result = new context.seal.bindings.Ciphertext()
      evaluator.add(rescaled, made(this.#encryptor.encrypt(constants, output.scale, output.primes)), result)
      return result
    } finally {
      for (const thing of own) thing.delete()
    }
  }

  /** What the network would have given: any fixed ciphertext stands for it. */
  honestResult(): Ciphertext {
    return this.#encryptor.encrypt(new Float64Array(1), output.scale, output.primes)
  }

  /** What a label tells. */
  coefficientsOf(label: number): readonly [number, number] {
    return pairs[label]
  }

  /** A coefficient of the true key, for comparison. */
  secretAt(place: number): number {
    const prime = this.#prime(0)
    const saved = this.key.save()
    const start = saved.length - 8 * this.#degree * this.context.parameters.primes.length
    const residues = new BigUint64Array(saved.slice(start, start + 8 * this.#degree).buffer)
    const powers = this.#powers(0)
    const order = 2 * this.#degree
    const sum = residues.reduce((total, residue, i) => {
      const exponent = (((-this.#rootAt(i) * place) % order) + order) % order
      return (total + residue * powers[exponent]) % prime
    }, 0n)
    const coefficient = (sum * power(BigInt(this.#degree), prime - 2n, prime)) % prime
    return coefficient > prime / 2n ? Number(coefficient - prime) : Number(coefficient)
  }

  delete(): void {
    for (const part of [this.#encryptor, this.#keys, this.key, this.context]) part.delete()
  }

  /** The coefficient at `place` in every slot, at `traceScale`. */
  #inAllSlots(place: number): Ciphertext {
    const sum = this.#turnedKey(place)
    for (const step of this.#steps()) {
      const turned = new this.context.seal.bindings.Ciphertext()
      this.#keys.rotate(sum, step, turned)
      this.context.evaluator.addInplace(sum, turned)
      turned.delete()
    }
    return sum
  }

  /** (0, δ·X^−place), which decrypts to δ·X^−place·s: the real part of all slots together is N / 2 · δ · s[place]. */
  #turnedKey(place: number): Ciphertext {
    const model = this.#encryptor.encrypt(new Float64Array(0), traceScale, tracePrimes)
    const bytes = saveCiphertext(this.context, model)
    model.delete()
    const words = new BigUint64Array((bytes.length - headerBytes) / 8)
    const delta = BigInt((2 * traceScale) / this.#degree)
    for (let prime = 0; prime < tracePrimes; prime++) {
      const powers = this.#powers(prime)
      const order = 2 * this.#degree
      for (let i = 0; i < this.#degree; i++) {
        const exponent = (((-this.#rootAt(i) * place) % order) + order) % order
        words[(tracePrimes + prime) * this.#degree + i] = (delta * powers[exponent]) % this.#prime(prime)
      }
    }
    bytes.set(new Uint8Array(words.buffer), headerBytes)
    return loadCiphertextParts(this.context, bytes)
  }

  #perLabel(value: (pair: readonly [number, number]) => number, rest = 0): Float64Array {
    return Float64Array.from({ length: this.#degree / 2 }, (_, slot) => (pairs[slot] ? value(pairs[slot]) : rest))
  }

  #steps(): number[] {
    const steps: number[] = []
    for (let step = 1; step < this.#degree / 2; step *= 2) steps.push(step)
    return steps
  }

  #prime(index: number): bigint {
    return BigInt(this.context.parameters.primes[index])
  }

  /** Residue i is the value at ψ to this power: SEAL orders the odd powers by their bits reversed. */
  #rootAt(i: number): number {
    let reversed = 0
    for (let bit = 1, rest = i; bit < this.#degree; bit *= 2, rest >>= 1) reversed = 2 * reversed + (rest & 1)
    return 2 * reversed + 1
  }

  /** All powers of the smallest primitive 2N-th root of unity. */
  #powers(index: number): bigint[] {
    const prime = this.#prime(index)
    const order = 2 * this.#degree
    let root = 0n
    for (let base = 2n; root === 0n; base++) {
      const candidate = power(base, (prime - 1n) / BigInt(order), prime)
      if (power(candidate, BigInt(order / 2), prime) === prime - 1n) root = candidate
    }
    const square = (root * root) % prime
    let smallest = root
    for (let i = 0, next = root; i < order / 2; i++, next = (next * square) % prime)
      if (next < smallest) smallest = next
    const powers = [1n]
    for (let i = 1; i < order; i++) powers.push((powers[i - 1] * smallest) % prime)
    return powers
  }
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus]
  for (let rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus
  }
  return result
}
