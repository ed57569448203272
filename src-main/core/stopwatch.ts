import type { WorkContext } from './progress.ts'
import { breathe, throwIfCancelled } from './progress.ts'

export interface StageTime {
  readonly name: string
  readonly seconds: number
}

/** Times the stages of a job under the names of docs/architecture.md, and lets a cancellation take effect between them. */
export class Stopwatch {
  readonly #work: WorkContext
  readonly #stages = new Map<string, number>()
  readonly #startedMs = performance.now()

  constructor(work: WorkContext) {
    this.#work = work
  }

  /** Stages of one name are added up. */
  async time<T>(name: string, stage: () => T | Promise<T>): Promise<T> {
    throwIfCancelled(this.#work)
    this.#work.progress({ kind: 'stage', stage: name })
    await breathe()
    throwIfCancelled(this.#work)
    const startedMs = performance.now()
    try {
      return await stage()
    } finally {
      const elapsed = (performance.now() - startedMs) / 1000
      this.#stages.set(name, (this.#stages.get(name) ?? 0) + elapsed)
    }
  }

  get stages(): StageTime[] {
    return [...this.#stages].map(([name, seconds]) => ({ name, seconds: rounded(seconds) }))
  }

  get seconds(): number {
    return rounded((performance.now() - this.#startedMs) / 1000)
  }
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000
