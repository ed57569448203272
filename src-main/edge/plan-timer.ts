import { present } from '../core/must.ts'
import type { RunObserver } from '../core/plan/evaluator.ts'
import type { Plan } from '../core/plan/plan.ts'
import { stepCounter, throwIfCancelled, type WorkContext } from '../core/progress.ts'
import type { RunTimes } from './segment-runner.ts'

/** Observes a run of a plan: progress, cancellation, and how long each layer's instructions took. */
export class PlanTimer<V> implements RunObserver<V> {
  readonly #plan: Plan
  readonly #work: WorkContext
  readonly #step: (detail?: string) => void
  readonly #layerMs: number[]
  #startedMs = 0
  #layer = 0

  constructor(plan: Plan, work: WorkContext) {
    this.#plan = plan
    this.#work = work
    this.#step = stepCounter(work, 'run', plan.instructions.length)
    this.#layerMs = plan.layers.map(() => 0)
  }

  beforeInstruction(): void {
    throwIfCancelled(this.#work)
    this.#startedMs = performance.now()
  }

  afterInstruction(): void {
    this.#layerMs[this.#layer] = present(this.#layerMs[this.#layer]) + performance.now() - this.#startedMs
    this.#step(present(this.#plan.layers[this.#layer]).id)
  }

  layerDone(layer: number): void {
    this.#layer = Math.min(layer + 1, this.#layerMs.length - 1)
  }

  times(encryptMs: number): RunTimes {
    const evaluateMs = this.#layerMs.reduce((sum, ms) => sum + ms, 0)
    return {
      encryptMs,
      evaluateMs,
      layers: this.#layerMs.map((ms, i) => ({ id: present(this.#plan.layers[i]).id, ms })),
    }
  }
}
