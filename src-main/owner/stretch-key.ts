import type { CkksParameters } from '../core/plan/plan.ts'
import { loadSeal, SealContext } from '../seal/public.ts'
import type { OwnerKey } from '../seal/secret.ts'

/** Makes or loads a key. */
export type ObtainKey = (context: SealContext) => Promise<OwnerKey>

/** The key of the segments between two refreshes: obtained on first use, so that long networks never hold all of theirs at once. */
export class StretchKey {
  readonly #parameters: CkksParameters
  readonly #obtain: ObtainKey
  #opened: { readonly context: SealContext; readonly key: OwnerKey } | undefined

  constructor(parameters: CkksParameters, obtain: ObtainKey) {
    this.#parameters = parameters
    this.#obtain = obtain
  }

  /** One caller at a time. */
  async open(): Promise<OwnerKey> {
    if (this.#opened) return this.#opened.key
    const context = new SealContext(await loadSeal(), this.#parameters)
    try {
      const key = await this.#obtain(context)
      this.#opened = { context, key }
      return key
    } catch (error) {
      context.delete()
      throw error
    }
  }

  delete(): void {
    this.#opened?.key.delete()
    this.#opened?.context.delete()
    this.#opened = undefined
  }
}
