import { runPlan } from '../core/plan/run-plan.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { WorkContext } from '../core/progress.ts'
import { saveCiphertext, type Ciphertext, type SealValue } from '../seal/public.ts'
import { savedInputs, type InputEncryptor } from './saved-inputs.ts'
import type { LoadedSegment } from './load-segment.ts'
import { PlanTimer } from './plan-timer.ts'
import { checkSegmentInput, type RunTimes, type SegmentInput, type SegmentRunner } from './segment-runner.ts'

/** A segment on one SEAL instance, in this thread. */
export class SingleRunner implements SegmentRunner {
  readonly evaluator = 'node-seal'
  readonly plan: Plan
  times: RunTimes | undefined
  inputs: readonly string[] = []
  readonly #segment: LoadedSegment
  readonly #encryptor: InputEncryptor | undefined

  /** Both are the runner's from now on. Where inputs come as ciphertexts nothing encrypts. */
  constructor(segment: LoadedSegment, encryptor?: InputEncryptor) {
    this.plan = segment.plan
    this.#segment = segment
    this.#encryptor = encryptor
  }

  async run(input: SegmentInput, work: WorkContext): Promise<Uint8Array[]> {
    const { plan, evaluator, context } = this.#segment
    checkSegmentInput(plan, input)
    const values: SealValue[] = []
    try {
      const startedMs = performance.now()
      const { saved, inputs } = savedInputs(plan, input, this.#encryptor)
      this.inputs = inputs
      saved.forEach((bytes, register) => values.push(this.#segment.inputValue(register, bytes)))
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
    await this.#encryptor?.close()
  }
}
