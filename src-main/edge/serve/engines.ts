import { getOrMake } from '../../core/get-or-make.ts'
import type { ComputedJob, Job } from '../compute-job.ts'
import { Engine } from './engine.ts'
import type { EngineSetup } from './engine-thread.ts'

/** A bundle's engines, each started for the first input of its segment. */
export class Engines {
  readonly #setup: Omit<EngineSetup, 'segment'>
  readonly #onRestart: () => void
  readonly #started = new Map<number, Promise<Engine>>()

  constructor(setup: Omit<EngineSetup, 'segment'>, onRestart: () => void) {
    this.#setup = setup
    this.#onRestart = onRestart
  }

  /** Throws what loading a segment does; the next input tries again. */
  async load(segment: number): Promise<Engine> {
    const start = (): Promise<Engine> => Engine.start({ ...this.#setup, segment }, this.#onRestart)
    const started = getOrMake(this.#started, segment, start)
    try {
      return await started
    } catch (error) {
      this.#started.delete(segment)
      throw error
    }
  }

  async run(job: Job): Promise<ComputedJob> {
    return await (await this.load(job.segment)).run(job)
  }

  async end(): Promise<void> {
    for (const started of this.#started.values()) await (await started.catch(() => undefined))?.end()
  }
}
