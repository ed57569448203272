import type { Ciphertext, ComprModeType, Decryptor, Encryptor, KeyGenerator, SecretKey } from 'node-seal/throws'
import { checkSerialised, polynomialBytes } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { filled, guarded, parsing, scoped } from './guard.ts'
import type { EvaluationKeyBytes } from '../core/bundle/material.ts'
import { encodePacked } from './encode-packed.ts'
import { packCiphertext, packKeys } from './packed.ts'

/** A secret key and all that it permits. Only owner code may import this file. */
export class OwnerKey {
  readonly #context: SealContext
  readonly #secretKey: SecretKey
  readonly #generator: KeyGenerator
  readonly #encryptor: Encryptor
  readonly #decryptor: Decryptor
  readonly #shorter = new Map<number, OwnerKey>()

  private constructor(context: SealContext, generator: KeyGenerator, secretKey: SecretKey) {
    const { bindings } = context.seal
    this.#context = context
    this.#generator = generator
    this.#secretKey = secretKey
    this.#encryptor = scoped((own) => {
      const publicKey = own(generator.createPublicKey())
      return new bindings.Encryptor(context.context, publicKey, secretKey)
    })
    this.#decryptor = new bindings.Decryptor(context.context, secretKey)
  }

  /** A fresh uniform ternary secret. The context stays the caller's. */
  static generate(context: SealContext): OwnerKey {
    return guarded('generate keys', () => {
      const generator = new context.seal.bindings.KeyGenerator(context.context)
      return new OwnerKey(context, generator, generator.secretKey())
    })
  }

  /** Throws UserError 'damaged-data'. */
  static load(context: SealContext, bytes: Uint8Array): OwnerKey {
    const { bindings } = context.seal
    checkSerialised('secret key', bytes, polynomialBytes(context, context.dataPrimes + 1) + 512)
    const secretKey = filled(new bindings.SecretKey(), (key) =>
      parsing('secret key', () => key.loadFromArray(context.context, bytes)),
    )
    return guarded(
      'load keys',
      () => new OwnerKey(context, new bindings.KeyGenerator(context.context, secretKey), secretKey),
    )
  }

  /** The caller overwrites the bytes when done. */
  save(): Uint8Array {
    return this.#saved(this.#secretKey)
  }

  /** Packed, as all that follow: see seal/packed.ts. */
  publicKey(): Uint8Array {
    return scoped((own) =>
      packCiphertext(this.#saved(own(this.#generator.createPublicKeySerializable())), this.#context.parameters.primes),
    )
  }

  /** Keys for values with at most `primes` primes: relinearisation if asked, and these rotation steps only. */
  evaluationKeys(primes: number, relinearisation: boolean, steps: readonly number[]): EvaluationKeyBytes {
    if (primes < this.#context.dataPrimes) return this.#truncated(primes).evaluationKeys(primes, relinearisation, steps)
    return guarded('make evaluation keys', () => ({
      primes,
      ...(relinearisation && { relinearisation: this.#relinearisationKey() }),
      ...(steps.length > 0 && { galois: { steps, bytes: this.#rotationKeys(steps) } }),
    }))
  }

  /** At the level with `primes` primes. */
  encryptSeeded(slots: Float64Array, scale: number, primes: number): Uint8Array {
    return scoped((own) => {
      const plain = own(this.#context.encode(slots, scale, primes))
      const saved = guarded('encrypt', () => this.#saved(own(this.#encryptor.encryptSymmetricSerializable(plain))))
      return packCiphertext(saved, this.#context.parameters.primes.slice(0, primes))
    })
  }

  /**
   * One ciphertext of Σ Xᵗ·pₜ(Xⁿ) / n, n = slots ÷ the vectors' length, where pₜ(Xⁿ) has the t-th vector in its slots, again
   * and again: what core/planner/expansion-tree.ts takes apart.
   */
  encryptPacked(vectors: readonly Float64Array[], scale: number, primes: number): Uint8Array {
    return scoped((own) => {
      const plain = own(encodePacked(this.#context, vectors, scale, primes))
      const saved = guarded('encrypt', () => this.#saved(own(this.#encryptor.encryptSymmetricSerializable(plain))))
      return packCiphertext(saved, this.#context.parameters.primes.slice(0, primes))
    })
  }

  /** In SEAL's form with both polynomials, for an edge to compute on. */
  encrypt(slots: Float64Array, scale: number, primes: number): Uint8Array {
    return scoped((own) => {
      const plain = own(this.#context.encode(slots, scale, primes))
      const ciphertext = own(new this.#context.seal.bindings.Ciphertext())
      guarded('encrypt', () => this.#encryptor.encryptSymmetric(plain, ciphertext))
      return this.#saved(ciphertext)
    })
  }

  /** All slots. CKKS is not IND-CPA-D: see docs/security.md before these numbers leave the owner. */
  decrypt(ciphertext: Ciphertext): Float64Array {
    return scoped((own) => {
      const plain = own(new this.#context.seal.bindings.Plaintext())
      guarded('decrypt', () => this.#decryptor.decrypt(ciphertext, plain))
      return this.#context.decode(plain)
    })
  }

  delete(): void {
    for (const key of this.#shorter.values()) key.delete()
    for (const part of [this.#encryptor, this.#decryptor, this.#generator, this.#secretKey]) part.delete()
  }

  #relinearisationKey(): Uint8Array {
    return scoped((own) => {
      const saved = this.#saved(own(this.#generator.createRelinKeysSerializable()))
      return packKeys(this.#context, saved, undefined)
    })
  }

  #rotationKeys(steps: readonly number[]): Uint8Array {
    return scoped((own) => {
      const keys = own(this.#generator.createGaloisKeysSerializableWithSteps(Int32Array.from(steps)))
      return packKeys(this.#context, this.#saved(keys), steps)
    })
  }

  #saved(object: { saveToArray(mode: ComprModeType): unknown }): Uint8Array {
    return object.saveToArray(this.#context.seal.bindings.ComprModeType.none) as Uint8Array
  }

  #truncated(primes: number): OwnerKey {
    const existing = this.#shorter.get(primes)
    if (existing) return existing
    const context = this.#context.chain(primes)
    const bytes = truncateSecretKey(this.save(), this.#context, context)
    const key = OwnerKey.load(context, bytes)
    bytes.fill(0)
    this.#shorter.set(primes, key)
    return key
  }
}

/**
 * The same secret on a shorter chain: its residues for the first primes and the special one. SEAL's form is a
 * header of 16 bytes, then parms_id, coefficient count, scale, a nested header, word count and the residues.
 */
function truncateSecretKey(whole: Uint8Array, from: SealContext, to: SealContext): Uint8Array {
  const residueBytes = polynomialBytes(from, 1)
  const dataStart = whole.length - residueBytes * (from.dataPrimes + 1)
  const kept = to.dataPrimes + 1
  const out = new Uint8Array(dataStart + residueBytes * kept)
  out.set(whole.subarray(0, dataStart + residueBytes * to.dataPrimes))
  out.set(whole.subarray(whole.length - residueBytes), out.length - residueBytes)
  const view = new DataView(out.buffer)
  const words = BigInt((residueBytes / 8) * kept)
  const nestedHeader = dataStart - 24
  out.set(to.keyParmsIdBytes(), 16)
  view.setBigUint64(8, BigInt(out.length), true)
  view.setBigUint64(48, words, true)
  view.setBigUint64(nestedHeader + 8, BigInt(out.length - nestedHeader), true)
  view.setBigUint64(dataStart - 8, words, true)
  whole.fill(0)
  return out
}
