/** Folders for what is needed for the moment, such as bundles that are only tried: private, and gone afterwards. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

export class Scratch {
  readonly folder: string

  /** `base` belongs to this object alone: what a crash left there is removed. */
  constructor(base: string) {
    this.folder = base
  }

  async create(): Promise<string> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    return await mkdtemp(join(this.folder, 'trial-'))
  }

  async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }

  async removeAll(): Promise<void> {
    await this.remove(this.folder)
  }
}
