import { runPlan } from '../core/plan/run-plan.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { WorkContext } from '../core/progress.ts'
import { saveCiphertext, type Ciphertext, type SealValue } from '../seal/public.ts'
import type { LoadedSegment } from './load-segment.ts'
import { PlanTimer } from './plan-timer.ts'
import { type RunTimes, type SegmentRunner } from './segment-runner.ts'
import { checkInput, type RunInput } from '../core/plan/check-input.ts'

/** A segment on one SEAL instance, in this thread. */
export class SingleRunner implements SegmentRunner {
  readonly evaluator = 'node-seal'
  readonly plan: Plan
  times: RunTimes | undefined
  readonly #segment: LoadedSegment

  constructor(segment: LoadedSegment) {
    this.plan = segment.plan
    this.#segment = segment
  }

  async run(input: RunInput, work: WorkContext): Promise<Uint8Array[]> {
    const { plan, evaluator, context } = this.#segment
    checkInput(plan, input)
    const values: SealValue[] = []
    try {
      const startedMs = performance.now()
      for (const register of plan.input.sources.keys()) values.push(this.#segment.inputValue(register, input))
      const encryptMs = performance.now() - startedMs
      const timer = new PlanTimer<SealValue>(plan, work)
      const outputs = runPlan(plan, evaluator, values, timer)
      this.times = timer.times(encryptMs)
      try {
        return outputs.map((output) => saveCiphertext(context, output as Ciphertext))
      } finally {
        for (const output of outputs) output.delete()
      }
    } finally {
      for (const value of values) value.delete()
    }
  }

  heapBytes(): number {
    return this.#segment.heapBytes()
  }

  async delete(): Promise<void> {
    this.#segment.delete()
  }
}
