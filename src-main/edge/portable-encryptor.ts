import { encryptionKeyOf, type SeededInput } from '../core/bundle/receipt.ts'
import { packInput } from '../core/plan/packing.ts'
import { inputLevel, type Plan } from '../core/plan/plan.ts'
import { sha256 } from '../files/sha256.ts'
import { parmsId } from '../kernels/parms-id.ts'
import { embedPortably, encryptPortably } from '../kernels/portable-encryption.ts'
import { newCiphertext, newPlaintext } from '../kernels/seal-bytes.ts'
import { expandPublicKey, loadSeal, SealContext } from '../seal/public.ts'
import type { InputEncryptor } from './saved-inputs.ts'

/** The same words as the kernels give, a hundred times slower. */
export class PortableEncryptor implements InputEncryptor {
  readonly plan: Plan
  readonly #publicKey: BigUint64Array | undefined

  private constructor(plan: Plan, publicKey: BigUint64Array | undefined) {
    this.plan = plan
    this.#publicKey = publicKey
  }

  /** Without a key, inputs stay in the clear. */
  static async load(plan: Plan, publicKey: Uint8Array | undefined): Promise<PortableEncryptor> {
    return new PortableEncryptor(plan, publicKey && (await expanded(plan, publicKey)))
  }

  encrypt(input: SeededInput): Uint8Array[] {
    const { polyModulusDegree: n, primes: literals } = this.plan.parameters
    const primes = literals.map(BigInt)
    return this.plan.input.sources.map((_, register) => {
      const level = inputLevel(this.plan, register)
      const slots = packInput(this.plan, input.values, register)
      const id = parmsId(n, primes.slice(0, level.primes))
      const publicKey = this.#publicKey
      const key = encryptionKeyOf(input, register, sha256)
      const words = publicKey
        ? encryptPortably({ n, primes, publicKey }, slots, level, key)
        : embedPortably({ n, primes }, slots, level)
      const { bytes, residues } = publicKey
        ? newCiphertext(2, level.primes, n, level.scale, id)
        : newPlaintext(level.primes, n, level.scale, id)
      residues.set(new Uint8Array(words.buffer))
      return bytes
    })
  }

  async close(): Promise<void> {}
}

async function expanded(plan: Plan, publicKey: Uint8Array): Promise<BigUint64Array> {
  const context = new SealContext(await loadSeal(), plan.parameters, { firstLevelOnly: true })
  try {
    return expandPublicKey(context, publicKey)
  } finally {
    context.delete()
  }
}
