import { packInput } from '../core/bundle/packing.ts'
import { UserError } from '../core/errors.ts'
import { sizeOf } from '../core/normalise/layer-model.ts'
import type { Plan } from '../core/plan/plan.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import { stepCounter, throwIfCancelled, type WorkContext } from '../core/progress.ts'
import {
  heapBytes,
  loadSeal,
  PublicEncryptor,
  saveCiphertext,
  SealContext,
  SealEvaluator,
  SealKeys,
  SealWeights,
  type SealValue,
} from '../seal/public.ts'
import type { Bundle } from './open-bundle.ts'

/** Weight ciphertexts that stay loaded between runs, at most; the rest is read again each time. */
const weightBudgetBytes = 1.5 * 2 ** 30

/** One segment of a bundle, loaded and ready to run any number of inputs. */
export class SegmentRunner {
  readonly plan: Plan
  readonly #context: SealContext
  readonly #encryptor: PublicEncryptor
  readonly #evaluator: SealEvaluator
  readonly #parts: readonly { delete(): void }[]

  private constructor(
    plan: Plan,
    context: SealContext,
    encryptor: PublicEncryptor,
    keys: SealKeys,
    weights: SealWeights,
  ) {
    this.plan = plan
    this.#context = context
    this.#encryptor = encryptor
    this.#evaluator = new SealEvaluator({ context, weights, keys, encryptor })
    this.#parts = [weights, keys, encryptor, context]
  }

  /** The bundle stays open and the caller's. Throws UserError 'damaged-bundle', 'damaged-data'. */
  static async load(bundle: Bundle, segmentIndex: number): Promise<SegmentRunner> {
    const segment = bundle.manifest.segments[segmentIndex]
    const plan = await bundle.plan(segment)
    const context = new SealContext(await loadSeal(), plan.parameters)
    const encryptor = new PublicEncryptor(context, await bundle.entry(segment.publicKey))
    const keys = new SealKeys(context)
    for await (const set of bundle.evaluationKeys(segment)) keys.add(set)
    const load = await bundle.weightLoader(segment, plan)
    return new SegmentRunner(
      plan,
      context,
      encryptor,
      keys,
      new SealWeights(context, plan.weights, load, weightBudgetBytes),
    )
  }

  /**
   * Encrypts a preprocessed input, runs the segment and saves the output ciphertexts.
   * @throws UserError wrong-shape; CancelledError
   */
  run(input: Float64Array, work: WorkContext): Uint8Array[] {
    const { plan } = this
    if (input.length !== sizeOf(plan.input.shape)) {
      throw new UserError('wrong-shape', `The input has ${input.length} values instead of ${sizeOf(plan.input.shape)}.`)
    }
    const values: SealValue[] = []
    try {
      for (const slots of packInput(plan, input)) values.push(this.#inputValue(slots))
      const step = stepCounter(work, 'run', plan.instructions.length)
      const outputs = runPlan(plan, this.#evaluator, values, {
        beforeInstruction: () => {
          throwIfCancelled(work)
          step()
        },
      }) as ReturnType<PublicEncryptor['encrypt']>[]
      try {
        return outputs.map((output) => saveCiphertext(this.#context, output))
      } finally {
        for (const output of outputs) output.delete()
      }
    } finally {
      for (const value of values) value.delete()
    }
  }

  heapBytes(): number {
    return heapBytes(this.#context.seal)
  }

  delete(): void {
    for (const part of this.#parts) part.delete()
  }

  #inputValue(slots: Float64Array): SealValue {
    const { mode, scale, primes } = this.plan.input
    return mode === 'plain' ? this.#context.encode(slots, scale, primes) : this.#encryptor.encrypt(slots, scale, primes)
  }
}
