import type { CkksParameters } from '../core/plan/plan.ts'
import { loadSeal, SealContext } from '../seal/public.ts'
import { OwnerKey } from '../seal/secret.ts'

/** The key of the segments between two refreshes: made on first use, so that long networks never hold all of theirs at once. */
export class StretchKey {
  readonly #parameters: CkksParameters
  readonly #keep: (secret: Uint8Array) => Promise<void>
  #opened: { readonly context: SealContext; readonly key: OwnerKey } | undefined

  /** `keep` gets the secret before it is used; its bytes are cleared afterwards. */
  constructor(parameters: CkksParameters, keep: (secret: Uint8Array) => Promise<void>) {
    this.#parameters = parameters
    this.#keep = keep
  }

  /** One caller at a time. */
  async open(): Promise<OwnerKey> {
    if (this.#opened) return this.#opened.key
    const context = new SealContext(await loadSeal(), this.#parameters)
    const key = OwnerKey.generate(context)
    this.#opened = { context, key }
    const secret = key.save()
    await this.#keep(secret).finally(() => secret.fill(0))
    return key
  }

  delete(): void {
    this.#opened?.key.delete()
    this.#opened?.context.delete()
    this.#opened = undefined
  }
}
