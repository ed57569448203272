import { getOrMake } from '../core/get-or-make.ts'
import { recipientOf, unlockSecret, type Lock, type Unlock } from './age.ts'
import { IDENTITY_NAME, KeyStore } from './key-store.ts'

/**
 * A key store with what opens it. The identity that opens a deployment's secrets is unlocked when the first of them is
 * read, which takes a second under a passphrase, and kept for the others as long as this object.
 */
export class UnlockedKeyStore {
  readonly store: KeyStore
  readonly #unlock: Unlock
  readonly #opened = new Map<string, Promise<Unlock>>()

  constructor(folder: string, unlock: Unlock) {
    this.store = new KeyStore(folder)
    this.#unlock = unlock
  }

  /** @throws UserError unknown-deployment, wrong-passphrase */
  async readSecret(id: string, name: string): Promise<Uint8Array> {
    return await unlockSecret(await this.store.readFile(id, `${name}.age`), await this.#open(id))
  }

  /** For further secrets of a deployment: they open as its others do. Throws what `readSecret` does. */
  async lockOf(id: string): Promise<Lock> {
    const opened = await this.#open(id)
    return 'passphrase' in opened ? opened : { recipients: await Promise.all(opened.identities.map(recipientOf)) }
  }

  /** Opened once; what failed to open is tried again. */
  #open(id: string): Promise<Unlock> {
    const opening = getOrMake(this.#opened, id, () => this.#readIdentity(id))
    opening.catch(() => this.#opened.delete(id))
    return opening
  }

  /** Of older deployments, which have no identity of their own, the passphrase opens each secret. */
  async #readIdentity(id: string): Promise<Unlock> {
    if (!(await this.store.has(id, `${IDENTITY_NAME}.age`))) return this.#unlock
    const file = await unlockSecret(await this.store.readFile(id, `${IDENTITY_NAME}.age`), this.#unlock)
    try {
      return { identities: [new TextDecoder().decode(file).trim()] }
    } finally {
      file.fill(0)
    }
  }
}
