import { setImmediate } from 'node:timers/promises'
import type { KernelKind } from '../core/plan/evaluator-kinds.ts'
import type { Plan, WeightSource } from '../core/plan/plan.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import { turnedInputs, type TurnedInput } from '../core/plan/turned-inputs.ts'
import { packInput } from '../core/plan/packing.ts'
import type { WorkContext } from '../core/progress.ts'
import { encryptionKeyOf, type SeededInput } from '../core/bundle/receipt.ts'
import { sha256 } from '../files/sha256.ts'
import type { KernelValue } from '../kernels/kernel-evaluator.ts'
import { openKernels, type OpenKernels } from '../kernels/open-kernels.ts'
import { present } from '../core/must.ts'
import { PlanTimer } from './plan-timer.ts'
import {
  checkSegmentInput,
  isCiphertexts,
  type RunnableBundle,
  seeded,
  type SegmentInput,
  type RunTimes,
  type SegmentRunner,
} from './segment-runner.ts'
import { WeightReader } from './weight-reader.ts'

export interface KernelRunnerOptions {
  /** All that work, unless told. */
  readonly kinds?: readonly KernelKind[]
  readonly threads: number
  /** What the kernels' memory may take: weights without room are read again in each run. */
  readonly roomBytes?: number
}

/** A segment on our own kernels: one memory with weights, keys and values for all threads. */
export class KernelRunner implements SegmentRunner {
  readonly evaluator: KernelKind
  readonly plan: Plan
  times: RunTimes | undefined
  inputs: readonly string[] = []
  readonly #kernels: OpenKernels
  /** Where some weights are streamed. */
  readonly #reader: WeightReader | undefined
  /** Clear inputs that need not be encoded, being rotations of others. */
  readonly #turned: readonly (TurnedInput | undefined)[]

  private constructor(plan: Plan, kernels: OpenKernels, reader?: WeightReader) {
    this.plan = plan
    this.evaluator = kernels.kind
    this.#kernels = kernels
    this.#reader = reader
    this.#turned = turnedInputs(plan.input)
  }

  /** @throws UserError damaged-bundle, damaged-data, kernels-unsupported, not-enough-memory */
  static async load(bundle: RunnableBundle, segmentIndex: number, options: KernelRunnerOptions): Promise<KernelRunner> {
    const { threads, roomBytes, kinds } = options
    const plan = await bundle.plan(bundle.segment(segmentIndex))
    // Only the first segment's input comes as values.
    const inputs = segmentIndex > 0 ? undefined : plan.input.mode === 'plain' ? 'encode' : 'encrypt'
    let kernels: OpenKernels | undefined
    let reader: WeightReader | undefined
    try {
      kernels = await openKernels(plan, { threads, kinds, limitBytes: roomBytes, inputs })
      if (inputs === 'encrypt') {
        kernels.store.loadPublicKey(await bundle.entry(bundle.segment(segmentIndex).publicKey))
      }
      const order = kernels.streamed.flat()
      if (order.length > 0) reader = await WeightReader.start(bundle, segmentIndex, plan, order)
      await loadMaterial(kernels, bundle, segmentIndex, plan)
      return new KernelRunner(plan, kernels, reader)
    } catch (error) {
      await Promise.all([kernels?.close(), reader?.end()])
      throw error
    }
  }

  async run(input: SegmentInput, work: WorkContext): Promise<Uint8Array[]> {
    const { plan } = this
    const { evaluator, store } = this.#kernels
    checkSegmentInput(plan, input)
    const startedMs = performance.now()
    const values = isCiphertexts(input) ? this.#load(input) : this.#encrypt(seeded(input))
    const encryptMs = isCiphertexts(input) ? 0 : performance.now() - startedMs
    try {
      this.inputs = this.#hashes(input, values)
      const timer = new PlanTimer<KernelValue>(plan, work)
      const outputs = runPlan(plan, evaluator, values, {
        beforeInstruction: (index) => {
          timer.beforeInstruction()
          this.#loadFor(index)
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
    await Promise.all([this.#kernels.close(), this.#reader?.end()])
  }

  /** What of the weights is not there for an instruction. */
  #loadFor(instruction: number): void {
    const { store, evaluator, streamed } = this.#kernels
    const sources = present(streamed[instruction])
    for (const source of sources) loadWeight(store, evaluator, source, present(this.#reader).next())
    if (sources.length > 0) evaluator.releasePlaintexts()
  }

  #load(ciphertexts: readonly Uint8Array[]): KernelValue[] {
    return ciphertexts.map((bytes, register) => this.#kernels.loadInput(bytes, register))
  }

  #encrypt(input: SeededInput): KernelValue[] {
    const { encodeInput, encryptInput, turnInput } = this.#kernels
    const values: KernelValue[] = []
    this.plan.input.sources.forEach((_, register) => {
      const turned = this.#turned[register]
      const slots = (): Float64Array => packInput(this.plan, input.values, register)
      if (turned) values.push(turnInput(present(values[turned.of]), turned.steps))
      else if (this.plan.input.mode === 'plain') values.push(encodeInput(slots(), register))
      else values.push(encryptInput(slots(), encryptionKeyOf(input, register, sha256), register))
    })
    return values
  }

  /** Nobody asks for those of values without a seed. */
  #hashes(input: SegmentInput, values: readonly KernelValue[]): string[] {
    if (isCiphertexts(input)) return input.map(sha256)
    if (input instanceof Float64Array || this.plan.input.mode === 'plain') return []
    return values.map((value) => sha256(this.#kernels.store.save(value)))
  }
}

/** Keys and the weights that stay, expanded by the kernels' threads. */
async function loadMaterial(
  { store, evaluator, streamed }: OpenKernels,
  bundle: RunnableBundle,
  segmentIndex: number,
  plan: Plan,
): Promise<void> {
  const segment = bundle.segment(segmentIndex)
  for await (const keys of bundle.evaluationKeys(segment)) store.loadPackedKeys(keys)
  const { entries, load, loadExpansion } = await bundle.weights(segment, plan)
  const passing = new Set(streamed.flat().map(nameOf))
  for (const { source } of entries) {
    if (passing.has(nameOf(source))) continue
    loadWeight(store, evaluator, source, 'expansion' in source ? loadExpansion(source.expansion) : load(source.weight))
    await setImmediate()
  }
  evaluator.releasePlaintexts()
}

const nameOf = (source: WeightSource): string => JSON.stringify(source)

function loadWeight(
  store: OpenKernels['store'],
  evaluator: OpenKernels['evaluator'],
  source: WeightSource,
  packed: Uint8Array,
): void {
  if ('expansion' in source) store.loadExpansion(source.expansion, packed, evaluator)
  else store.loadPackedWeight(source.weight, packed)
}
