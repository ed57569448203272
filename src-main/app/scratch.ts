/** Folders for bundles that are only tried, with their throw-away keys: private, and gone when no longer needed. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

export class Scratch {
  readonly #base: string

  /** `base` belongs to this object alone: what a crash left there is removed. */
  constructor(base: string) {
    this.#base = base
  }

  async create(): Promise<string> {
    await mkdir(this.#base, { recursive: true, mode: 0o700 })
    return await mkdtemp(join(this.#base, 'trial-'))
  }

  async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }

  async removeAll(): Promise<void> {
    await this.remove(this.#base)
  }
}
