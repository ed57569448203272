import type { Ciphertext, Encryptor } from 'node-seal/throws'
import type { SealContext } from './context.ts'
import { filled, guarded, parsing, scoped } from './guard.ts'
import { unpackPublicKey } from './packed.ts'
import { RESIDUES_START } from './seal-form.ts'

/** Encrypts with the public key: what an edge does to its input. */
export class PublicEncryptor {
  readonly #context: SealContext
  readonly #encryptor: Encryptor

  /** Takes the packed form of seal/packed.ts. The context stays the caller's. @throws UserError damaged-data */
  constructor(context: SealContext, publicKey: Uint8Array) {
    this.#context = context
    const { bindings } = context.seal
    this.#encryptor = scoped((own) => {
      const key = own(new bindings.PublicKey())
      return parsing('public key', () => {
        key.loadFromArray(context.context, unpackPublicKey(context, publicKey))
        return new bindings.Encryptor(context.context, key)
      })
    })
  }

  /** The caller deletes the result. */
  encrypt(slots: Float64Array, scale: number, primes: number): Ciphertext {
    const { bindings } = this.#context.seal
    return scoped((own) => {
      const plain = own(this.#context.encode(slots, scale, primes))
      return filled(new bindings.Ciphertext(), (out) => guarded('encrypt', () => this.#encryptor.encrypt(plain, out)))
    })
  }

  delete(): void {
    this.#encryptor.delete()
  }
}

/** The residues of both parts of a packed public key, [part][prime][coefficient]. @throws UserError damaged-data */
export function expandPublicKey(context: SealContext, packed: Uint8Array): BigUint64Array {
  const { bindings } = context.seal
  return scoped((own) => {
    const key = own(new bindings.PublicKey())
    return parsing('public key', () => {
      key.loadFromArray(context.context, unpackPublicKey(context, packed))
      const saved = key.saveToArray(bindings.ComprModeType.none) as Uint8Array
      return new BigUint64Array(saved.slice(RESIDUES_START).buffer)
    })
  })
}
