import type { Ciphertext, ComprModeType, Decryptor, Encryptor, KeyGenerator, SecretKey } from 'node-seal/throws'
import { lastOf } from '../core/must.ts'
import { checkSerialised, polynomialBytes } from './ciphertext.ts'
import type { SealContext } from './context.ts'
import { filled, guarded, parsing, scoped } from './guard.ts'
import type { EvaluationKeyBytes } from '../core/bundle/material.ts'
import { encodePacked } from './encode-packed.ts'
import { HybridKeyMaker } from './secret-hybrid.ts'
import { packCiphertext, packKeys } from './packed.ts'

/** Header (16), parms_id (32), coefficient count (8), scale (8), nested header (16), word count (8). */
const SECRET_DATA_START = 88

/** A secret key and all that it permits. Only owner code may import this file. */
export class OwnerKey {
  readonly #context: SealContext
  readonly #secretKey: SecretKey
  readonly #generator: KeyGenerator
  readonly #encryptor: Encryptor
  readonly #decryptor: Decryptor
  readonly #shorter = new Map<number, OwnerKey>()
  readonly #ofKeys = new Map<number, OwnerKey>()
  #hybrid: HybridKeyMaker | undefined

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

  /** @throws UserError damaged-data */
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
    if (this.#context.parameters.keySwitching) return this.#hybridKeys(primes, relinearisation, steps)
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
    if (!this.#context.hasLevel(primes)) return this.#truncated(primes).encrypt(slots, scale, primes)
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
    for (const key of [...this.#shorter.values(), ...this.#ofKeys.values()]) key.delete()
    this.#hybrid?.delete()
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

  #hybridKeys(primes: number, relinearisation: boolean, steps: readonly number[]): EvaluationKeyBytes {
    this.#hybrid ??= new HybridKeyMaker(this.#context, this.#residues())
    const onChain = this.#ofKeyChain(primes, this.#hybrid)
    const encryptZero = (): Uint8Array => onChain.publicKey()
    return {
      primes,
      ...(relinearisation && { relinearisation: this.#hybrid.relinearisationKey(primes, encryptZero) }),
      ...(steps.length > 0 && { galois: { steps, bytes: this.#hybrid.rotationKeys(primes, steps, encryptZero) } }),
    }
  }

  /** The same secret on the chain of a hybrid key, where a public key is an encryption of zero over all of its primes. */
  #ofKeyChain(primes: number, hybrid: HybridKeyMaker): OwnerKey {
    return this.#kept(this.#ofKeys, primes, this.#context.keyChain(primes), () => hybrid.secretOf(primes))
  }

  /** The same secret on a shorter chain: its residues for the first primes and the special one. */
  #truncated(primes: number): OwnerKey {
    return this.#kept(this.#shorter, primes, this.#context.chain(primes), () => {
      const residues = this.#residues()
      return [...residues.slice(0, primes), lastOf(residues)]
    })
  }

  #kept(
    keys: Map<number, OwnerKey>,
    primes: number,
    context: SealContext,
    residues: () => readonly Float64Array[],
  ): OwnerKey {
    const existing = keys.get(primes)
    if (existing) return existing
    const bytes = secretKeyBytes(this.save(), context, residues())
    const key = OwnerKey.load(context, bytes)
    bytes.fill(0)
    keys.set(primes, key)
    return key
  }

  /** Of the secret, transformed, modulo each prime of the context. */
  #residues(): Float64Array[] {
    const { polyModulusDegree: n, primes } = this.#context.parameters
    const bytes = this.save()
    const words = new BigUint64Array(bytes.slice(-8 * n * primes.length).buffer)
    bytes.fill(0)
    const residues = primes.map((_, index) => Float64Array.from(words.subarray(index * n, (index + 1) * n), Number))
    words.fill(0n)
    return residues
  }
}

/**
 * A secret key on another chain, from one that SEAL saved, which is cleared. SEAL's form is a header of 16 bytes, then
 * parms_id, coefficient count, scale, a nested header, word count and the residues.
 */
function secretKeyBytes(saved: Uint8Array, to: SealContext, residues: readonly Float64Array[]): Uint8Array {
  const dataStart = SECRET_DATA_START
  const words = BigUint64Array.from(
    residues.flatMap((values) => [...values]),
    BigInt,
  )
  const out = new Uint8Array(dataStart + words.byteLength)
  out.set(saved.subarray(0, dataStart))
  out.set(new Uint8Array(words.buffer), dataStart)
  words.fill(0n)
  const view = new DataView(out.buffer)
  const nestedHeader = dataStart - 24
  out.set(to.keyParmsIdBytes(), 16)
  view.setBigUint64(8, BigInt(out.length), true)
  view.setBigUint64(48, BigInt(words.length), true)
  view.setBigUint64(nestedHeader + 8, BigInt(out.length - nestedHeader), true)
  view.setBigUint64(dataStart - 8, BigInt(words.length), true)
  saved.fill(0)
  return out
}
