import { UserError } from '../core/errors.ts'
import { sizeOf } from '../core/normalise/layer-model.ts'
import type { Plan } from '../core/plan/plan.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import { stepCounter, throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { saveCiphertext, type Ciphertext, type SealValue } from '../seal/public.ts'
import { kernelSupport } from '../kernels/open-kernels.ts'
import { KernelRunner } from './kernel-runner.ts'
import { loadSegment, type LoadedSegment } from './load-segment.ts'
import type { Bundle } from './open-bundle.ts'
import { ThreadedRunner } from './threaded-runner.ts'

/** One segment of a bundle, loaded and ready to run any number of inputs, one after the other. */
export interface SegmentRunner {
  readonly evaluator: 'kernels' | 'node-seal'
  readonly plan: Plan
  /**
   * Encrypts a preprocessed input, runs the segment and saves the output ciphertexts.
   * @throws UserError wrong-shape; CancelledError
   */
  run(input: Float64Array, work: WorkContext): Promise<Uint8Array[]>
  /** Of all SEAL instances. */
  heapBytes(): number
  delete(): Promise<void>
}

export interface RunnerOptions {
  readonly threads: number
  /** `auto` takes our own kernels where they pass their self-test and hold the plan. */
  readonly evaluator: 'auto' | 'kernels' | 'seal'
}

/** The bundle stays open and the caller's. Throws UserError 'damaged-bundle', 'damaged-data', 'kernels-unsupported'. */
export async function loadRunner(bundle: Bundle, segmentIndex: number, options: RunnerOptions): Promise<SegmentRunner> {
  const { threads, evaluator } = options
  const plan = await bundle.plan(bundle.manifest.segments[segmentIndex])
  if (evaluator === 'kernels' || (evaluator === 'auto' && kernelSupport(plan, threads).kind !== 'node-seal')) {
    return KernelRunner.load(bundle, segmentIndex, threads)
  }
  return threads > 1
    ? ThreadedRunner.load(bundle, segmentIndex, threads)
    : new SingleRunner(await loadSegment(bundle, segmentIndex))
}

export function checkInput(plan: Plan, input: Float64Array): void {
  if (input.length !== sizeOf(plan.input.shape)) {
    throw new UserError('wrong-shape', `The input has ${input.length} values instead of ${sizeOf(plan.input.shape)}.`)
  }
}

class SingleRunner implements SegmentRunner {
  readonly evaluator = 'node-seal'
  readonly plan: Plan
  readonly #segment: LoadedSegment

  constructor(segment: LoadedSegment) {
    this.plan = segment.plan
    this.#segment = segment
  }

  async run(input: Float64Array, work: WorkContext): Promise<Uint8Array[]> {
    const { plan, evaluator, context } = this.#segment
    checkInput(plan, input)
    const values: SealValue[] = []
    try {
      for (const register of plan.input.sources.keys()) values.push(this.#segment.inputValue(register, input))
      const step = stepCounter(work, 'run', plan.instructions.length)
      const outputs = runPlan(plan, evaluator, values, {
        beforeInstruction: () => {
          throwIfCancelled(work)
          step()
        },
      })
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
