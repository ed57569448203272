import { setImmediate } from 'node:timers/promises'
import { invariant } from '../core/errors.ts'
import type { KernelKind } from '../core/plan/evaluator-kinds.ts'
import type { Plan, Register, WeightIndex } from '../core/plan/plan.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import { turnedInputs, type TurnedInput } from '../core/plan/turned-inputs.ts'
import type { WorkContext } from '../core/progress.ts'
import type { KernelValue } from '../kernels/kernel-evaluator.ts'
import { weightsOf } from '../kernels/memory-layout.ts'
import { openKernels, type OpenKernels } from '../kernels/open-kernels.ts'
import { compileSeal } from '../seal/public.ts'
import { AskedWorker } from '../workers/ask.ts'
import type { Bundle } from '../files/open-bundle.ts'
import { PlanTimer } from './plan-timer.ts'
import type { SealThreadNote, SealThreadRequest, SealThreadSetup } from './seal-thread.ts'
import { type RunTimes, type SegmentRunner } from './segment-runner.ts'
import { checkInput, type RunInput } from '../core/plan/check-input.ts'
import { WeightReader } from './weight-reader.ts'

/** Beside this file, as source or bundled. */
const threadUrl = new URL(import.meta.url.replace(/[^/]*(\.\w+)$/, 'seal-thread$1'))

export interface KernelRunnerOptions {
  /** All that work, unless told. */
  readonly kinds?: readonly KernelKind[]
  readonly threads: number
  /**
   * What the kernels' memory may take, asked for when all that encrypts is there: weights without room are read again
   * in each run.
   */
  readonly roomBytes?: () => number
}

type SealThread = AskedWorker<SealThreadRequest, number, SealThreadNote>

/** A segment on our own kernels: one memory with weights, keys and values for all threads. SEAL encrypts. */
export class KernelRunner implements SegmentRunner {
  readonly evaluator: KernelKind
  readonly plan: Plan
  times: RunTimes | undefined
  readonly #kernels: OpenKernels
  readonly #encryptors: readonly SealThread[]
  /** Where some weights are streamed. */
  readonly #reader: WeightReader | undefined
  /** By instruction: the weights that are read for it. */
  readonly #streamed: readonly (readonly WeightIndex[])[]
  /** Clear inputs that need not be encoded, being rotations of others. */
  readonly #turned: readonly (TurnedInput | undefined)[]

  private constructor(plan: Plan, kernels: OpenKernels, encryptors: readonly SealThread[], reader?: WeightReader) {
    this.plan = plan
    this.evaluator = kernels.kind
    this.#kernels = kernels
    this.#encryptors = encryptors
    this.#reader = reader
    const streamed = new Set(kernels.streamed)
    this.#streamed = plan.instructions.map((instruction) =>
      [...new Set(weightsOf(instruction))].filter((index) => streamed.has(index)),
    )
    this.#turned = turnedInputs(plan.input)
  }

  /** Throws UserError 'damaged-bundle', 'damaged-data', 'kernels-unsupported', 'not-enough-memory'. */
  static async load(bundle: Bundle, segmentIndex: number, options: KernelRunnerOptions): Promise<KernelRunner> {
    const { threads, roomBytes, kinds } = options
    const plan = await bundle.plan(bundle.segment(segmentIndex))
    const module = await compileSeal()
    const { path, sha256 } = bundle
    const setup: SealThreadSetup = { bundle: path, bundleSha256: sha256, segmentIndex, module }
    // Only the first segment's input comes in the clear.
    const encryptors = Array.from(
      { length: segmentIndex === 0 ? Math.min(threads, plan.input.sources.length) : 0 },
      (): SealThread => new AskedWorker(threadUrl, { workerData: setup }),
    )
    let kernels: OpenKernels | undefined
    let reader: WeightReader | undefined
    try {
      const ready = Promise.all(encryptors.map((thread) => thread.ask({ registers: [], input: new Float64Array() })))
      if (roomBytes) await ready
      kernels = await openKernels(plan, { threads, kinds, limitBytes: roomBytes?.() })
      const streamed = new Set(kernels.streamed)
      const kept = [...plan.weights.keys()].filter((index) => !streamed.has(index))
      if (streamed.size > 0) reader = await WeightReader.start(bundle, segmentIndex, plan, kernels.streamed)
      await Promise.all([loadMaterial(kernels, bundle, segmentIndex, plan, kept), ready])
      return new KernelRunner(plan, kernels, encryptors, reader)
    } catch (error) {
      await Promise.all([kernels?.close(), reader?.end(), ...encryptors.map((thread) => thread.end())])
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
      const outputs = runPlan(plan, evaluator, values, {
        beforeInstruction: (index) => {
          timer.beforeInstruction()
          for (const weight of this.#streamed[index]) store.loadPackedWeight(weight, this.#reader!.next())
        },
        afterInstruction: () => timer.afterInstruction(),
        layerDone: (layer) => timer.layerDone(layer),
      })
      this.times = timer.times(encryptMs)
      return outputs.map((output) => {
        const bytes = store.save(output)
        evaluator.release(output)
        return bytes
      })
    } finally {
      this.#reader?.restart()
      for (const value of values) evaluator.release(value)
    }
  }

  heapBytes(): number {
    return this.#kernels.memoryBytes
  }

  async delete(): Promise<void> {
    await Promise.all([this.#kernels.close(), this.#reader?.end(), ...this.#encryptors.map((thread) => thread.end())])
  }

  #load(ciphertexts: readonly Uint8Array[]): { values: KernelValue[]; encryptMs: number } {
    return { values: ciphertexts.map((bytes, register) => this.#kernels.loadInput(bytes, register)), encryptMs: 0 }
  }

  async #encrypt(input: Float64Array): Promise<{ values: KernelValue[]; encryptMs: number }> {
    invariant(this.#encryptors.length > 0, 'only the first segment encrypts')
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

/** Keys and the weights that stay, expanded by the kernels' threads. */
async function loadMaterial(
  { store }: OpenKernels,
  bundle: Bundle,
  segmentIndex: number,
  plan: Plan,
  kept: readonly WeightIndex[],
): Promise<void> {
  const segment = bundle.segment(segmentIndex)
  for await (const keys of bundle.evaluationKeys(segment)) store.loadPackedKeys(keys)
  const { largestBytes, readInto } = await bundle.weights(segment, plan)
  const room = new Uint8Array(largestBytes)
  for (const index of kept) {
    store.loadPackedWeight(index, room.subarray(0, readInto(index, room)))
    await setImmediate()
  }
}
