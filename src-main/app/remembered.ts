/**
 * Passphrases that the person asked to be remembered, each encrypted with a key that the operating system's keyring holds.
 * Without a keyring there is none of that: what Electron offers instead would be as good as writing them down.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { writeAtomically } from '../files/write-atomically.ts'

/** Electron's safeStorage, as much of it as is needed. */
export interface Keyring {
  isEncryptionAvailable(): boolean
  encryptString(text: string): Buffer
  decryptString(encrypted: Buffer): string
  /** Linux only. */
  getSelectedStorageBackend?(): string
}

const places: Readonly<Record<string, string>> = {
  darwin: 'the macOS keychain',
  win32: 'Windows’ data protection, for your account',
  gnome_libsecret: 'the GNOME keyring',
  kwallet: 'KWallet',
  kwallet5: 'KWallet',
  kwallet6: 'KWallet',
}

const rememberedFile = z.record(z.string().regex(/^[0-9a-f]{32}$/), z.base64())

export class RememberedPassphrases {
  readonly #file: string
  readonly #keyring: Keyring
  readonly #platform: string

  constructor(file: string, keyring: Keyring, platform: string) {
    this.#file = file
    this.#keyring = keyring
    this.#platform = platform
  }

  /** Where passphrases can be kept; or why they cannot. */
  get availability(): { readonly available: boolean; readonly words: string } {
    const backend = this.#platform === 'linux' ? (this.#keyring.getSelectedStorageBackend?.() ?? '') : this.#platform
    const place = places[backend]
    if (place !== undefined && this.#keyring.isEncryptionAvailable()) return { available: true, words: place }
    return { available: false, words: 'This desktop has no keyring that could keep it.' }
  }

  /** @throws UserError no-keyring, not-writable */
  async remember(deployment: string, passphrase: string): Promise<void> {
    const { available, words } = this.availability
    if (!available) throw new UserError('no-keyring', words, { hint: 'Keep the passphrase in a password manager.' })
    const encrypted = this.#keyring.encryptString(passphrase).toString('base64')
    await this.#write({ ...(await this.#read()), [deployment]: encrypted })
  }

  /** undefined where it is not remembered, or the keyring does not open it. */
  async recall(deployment: string): Promise<string | undefined> {
    const encrypted = (await this.#read())[deployment]
    if (encrypted === undefined || !this.availability.available) return undefined
    try {
      return this.#keyring.decryptString(Buffer.from(encrypted, 'base64'))
    } catch {
      return undefined
    }
  }

  async forget(deployment: string): Promise<void> {
    const { [deployment]: _, ...others } = await this.#read()
    await this.#write(others)
  }

  async deployments(): Promise<ReadonlySet<string>> {
    return new Set(Object.keys(await this.#read()))
  }

  async #read(): Promise<Record<string, string>> {
    const text = await readFile(this.#file, 'utf8').catch(() => '{}')
    try {
      return rememberedFile.parse(JSON.parse(text))
    } catch {
      return {}
    }
  }

  async #write(passphrases: Record<string, string>): Promise<void> {
    await writeAtomically(this.#file, { force: true, mode: 0o600 }, async (file) => {
      await file.writeFile(JSON.stringify(passphrases))
    })
  }
}
