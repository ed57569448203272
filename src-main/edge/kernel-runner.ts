import { setImmediate } from 'node:timers/promises'
import type { Plan, Register } from '../core/plan/plan.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import { turnedInputs, type TurnedInput } from '../core/plan/turned-inputs.ts'
import type { WorkContext } from '../core/progress.ts'
import type { KernelValue } from '../kernels/kernel-evaluator.ts'
import { openKernels, type OpenKernels } from '../kernels/open-kernels.ts'
import { compileSeal } from '../seal/public.ts'
import { AskedWorker } from '../workers/ask.ts'
import type { Bundle } from './open-bundle.ts'
import { PlanTimer } from './plan-timer.ts'
import type { SealThreadNote, SealThreadRequest, SealThreadSetup } from './seal-thread.ts'
import { checkInput, type RunInput, type RunTimes, type SegmentRunner } from './segment-runner.ts'

/** Beside this file, as source or bundled. */
const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'seal-thread$1'))

type SealThread = AskedWorker<SealThreadRequest, number, SealThreadNote>

/** A segment on our own kernels: one memory with weights, keys and values for all threads. SEAL encrypts. */
export class KernelRunner implements SegmentRunner {
  readonly evaluator = 'kernels'
  readonly plan: Plan
  times: RunTimes | undefined
  readonly #kernels: OpenKernels
  readonly #encryptors: readonly SealThread[]
  /** Clear inputs that need not be encoded, being rotations of others. */
  readonly #turned: readonly (TurnedInput | undefined)[]

  private constructor(plan: Plan, kernels: OpenKernels, encryptors: readonly SealThread[]) {
    this.plan = plan
    this.#kernels = kernels
    this.#encryptors = encryptors
    this.#turned = plan.input.mode === 'plain' ? turnedInputs(plan.input) : []
  }

  /** Throws UserError 'damaged-bundle', 'damaged-data', 'kernels-unsupported'. */
  static async load(bundle: Bundle, segmentIndex: number, threads: number): Promise<KernelRunner> {
    const plan = await bundle.plan(bundle.segment(segmentIndex))
    const module = await compileSeal()
    const { path, sha256 } = bundle
    const setup: SealThreadSetup = { bundle: path, bundleSha256: sha256, segmentIndex, module }
    const kernels = await openKernels(plan, { threads })
    const encryptors = Array.from(
      { length: Math.min(threads, plan.input.sources.length) },
      (): SealThread => new AskedWorker(threadUrl, { workerData: setup }),
    )
    try {
      const ready = encryptors.map((thread) => thread.ask({ registers: [], input: new Float64Array() }))
      await Promise.all([loadMaterial(kernels, bundle, segmentIndex), ...ready])
      return new KernelRunner(plan, kernels, encryptors)
    } catch (error) {
      await Promise.all([kernels.close(), ...encryptors.map((thread) => thread.end())])
      throw error
    }
  }

  async run(input: RunInput, work: WorkContext): Promise<Uint8Array[]> {
    const { plan } = this
    const { evaluator, store } = this.#kernels
    checkInput(plan, input)
    const { values, encryptMs } = input instanceof Float64Array ? await this.#encrypt(input) : this.#load(input)
    try {
      const timer = new PlanTimer<KernelValue>(plan, work)
      const outputs = runPlan(plan, evaluator, values, timer)
      this.times = timer.times(encryptMs)
      return outputs.map((output) => {
        const bytes = store.save(output)
        evaluator.release(output)
        return bytes
      })
    } finally {
      for (const value of values) evaluator.release(value)
    }
  }

  heapBytes(): number {
    return this.#kernels.memoryBytes
  }

  async delete(): Promise<void> {
    await Promise.all([this.#kernels.close(), ...this.#encryptors.map((thread) => thread.end())])
  }

  #load(ciphertexts: readonly Uint8Array[]): { values: KernelValue[]; encryptMs: number } {
    return { values: ciphertexts.map((bytes, register) => this.#kernels.loadInput(bytes, register)), encryptMs: 0 }
  }

  async #encrypt(input: Float64Array): Promise<{ values: KernelValue[]; encryptMs: number }> {
    const registers = [...this.plan.input.sources.keys()]
    const packed = registers.filter((register) => !this.#turned[register])
    const values = new Map<Register, KernelValue>()
    let busyMs: number[] = []
    try {
      busyMs = await Promise.all(
        this.#encryptors.map((thread, first) => {
          const own = packed.filter((_, k) => k % this.#encryptors.length === first)
          const take = ({ register, bytes }: SealThreadNote): void =>
            void values.set(register, this.#kernels.loadInput(bytes, register))
          return thread.ask({ registers: own, input }, { take })
        }),
      )
    } catch (error) {
      for (const value of values.values()) this.#kernels.evaluator.release(value)
      throw error
    }
    const startedMs = performance.now()
    this.#turned.forEach((turned, register) => {
      if (turned) values.set(register, this.#kernels.turnInput(values.get(turned.of)!, turned.steps))
    })
    const encryptMs = Math.max(...busyMs) + performance.now() - startedMs
    return { values: registers.map((register) => values.get(register)!), encryptMs }
  }
}

/** Keys and weights, expanded by the kernels' threads. */
async function loadMaterial({ store }: OpenKernels, bundle: Bundle, segmentIndex: number): Promise<void> {
  const segment = bundle.segment(segmentIndex)
  const plan = await bundle.plan(segment)
  for await (const keys of bundle.evaluationKeys(segment)) store.loadPackedKeys(keys)
  const load = await bundle.weightLoader(segment, plan)
  for (const index of plan.weights.keys()) {
    store.loadPackedWeight(index, load(index))
    await setImmediate()
  }
}
