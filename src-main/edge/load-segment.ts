import { packInput } from '../core/plan/packing.ts'
import { inputLevel, type Plan, type Register } from '../core/plan/plan.ts'
import {
  heapBytes,
  loadCiphertext,
  loadSeal,
  PublicEncryptor,
  SealContext,
  SealEvaluator,
  SealKeys,
  SealWeights,
  type SealValue,
} from '../seal/public.ts'
import type { Bundle } from '../files/open-bundle.ts'
import type { RunInput } from '../core/plan/check-input.ts'

/** Weight ciphertexts that stay loaded between runs, at most; the rest is read again each time. */
const weightBudgetBytes = 1.5 * 2 ** 30

/** A segment's plan with everything that evaluates it, on one SEAL instance. */
export interface LoadedSegment {
  readonly plan: Plan
  readonly context: SealContext
  readonly evaluator: SealEvaluator
  /** Encrypts, or for plain input encodes, one packed input, or loads a refreshed one; the caller deletes the result. */
  inputValue(register: Register, input: RunInput): SealValue
  heapBytes(): number
  delete(): void
}

/** The bundle stays open and the caller's. Throws UserError 'damaged-bundle', 'damaged-data'. */
export async function loadSegment(
  bundle: Bundle,
  segmentIndex: number,
  program?: WebAssembly.Module,
): Promise<LoadedSegment> {
  const segment = bundle.segment(segmentIndex)
  const plan = await bundle.plan(segment)
  const context = new SealContext(await loadSeal(program), plan.parameters)
  const encryptor = new PublicEncryptor(context, await bundle.entry(segment.publicKey))
  const keys = new SealKeys(context)
  for await (const set of bundle.evaluationKeys(segment)) keys.add(set)
  const { load } = await bundle.weights(segment, plan)
  const weights = new SealWeights(context, plan.weights, load, weightBudgetBytes)
  return {
    plan,
    context,
    evaluator: new SealEvaluator({ context, weights, keys, encryptor }),
    inputValue(register, input) {
      if (!(input instanceof Float64Array)) return loadCiphertext(context, input[register], inputLevel(plan, register))
      const { scale, primes } = inputLevel(plan, register)
      const { mode } = plan.input
      const slots = packInput(plan, input, register)
      return mode === 'plain' ? context.encode(slots, scale, primes) : encryptor.encrypt(slots, scale, primes)
    },
    heapBytes: () => heapBytes(context.seal),
    delete() {
      for (const part of [weights, keys, encryptor, context]) part.delete()
    },
  }
}
