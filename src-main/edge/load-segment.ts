import { expansionPlan, inputLevel, type Plan, type Register, type WeightIndex } from '../core/plan/plan.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import {
  heapBytes,
  loadCiphertext,
  loadPacked,
  loadPlaintext,
  loadSeal,
  SealContext,
  SealEvaluator,
  SealKeys,
  SealWeights,
  type Ciphertext,
  type SealValue,
} from '../seal/public.ts'
import type { Bundle } from '../files/open-bundle.ts'

/** Weight ciphertexts that stay loaded between runs, at most; the rest is read again each time. */
const weightBudgetBytes = 1.5 * 2 ** 30

/** A segment's plan with everything that evaluates it, on one SEAL instance. */
export interface LoadedSegment {
  readonly plan: Plan
  readonly context: SealContext
  readonly evaluator: SealEvaluator
  /** Loads a saved ciphertext or, for plain input, plaintext; the caller deletes the result. */
  readonly inputValue: (register: Register, bytes: Uint8Array) => SealValue
  heapBytes(): number
  delete(): void
}

/** The bundle stays open and the caller's. @throws UserError damaged-bundle, damaged-data */
export async function loadSegment(
  bundle: Bundle,
  segmentIndex: number,
  program?: WebAssembly.Module,
): Promise<LoadedSegment> {
  const segment = bundle.segment(segmentIndex)
  const plan = await bundle.plan(segment)
  const context = new SealContext(await loadSeal(program), plan.parameters)
  const keys = new SealKeys(context)
  for await (const set of bundle.evaluationKeys(segment)) keys.add(set)
  const { load, loadExpansion } = await bundle.weights(segment, plan)
  const weights = new SealWeights(context, plan.weights, load, weightBudgetBytes, expand)
  const evaluator = new SealEvaluator({ context, weights, keys })
  return {
    plan,
    context,
    evaluator,
    inputValue: (register, bytes) =>
      plan.input.mode === 'plain'
        ? loadPlaintext(context, bytes)
        : loadCiphertext(context, bytes, inputLevel(plan, register)),
    heapBytes: () => heapBytes(context.seal),
    delete() {
      for (const part of [weights, keys, context]) part.delete()
    },
  }

  /** All that is expanded together with a weight. */
  function expand(index: WeightIndex): [WeightIndex, Ciphertext][] {
    const at = plan.expansions?.findIndex(({ results }) => results.some(({ weight }) => weight === index)) ?? -1
    const expansion = plan.expansions?.[at]
    if (!expansion) return []
    const packed = loadPacked(context, loadExpansion(at), expansion.input)
    try {
      const made = runPlan<SealValue>(expansionPlan(plan, expansion, true), evaluator, [packed])
      return expansion.results.map(({ weight }, i) => [weight, made[i] as Ciphertext])
    } finally {
      packed.delete()
    }
  }
}
