import { must } from '../core/must.ts'
import { Arena } from '../core/plan/arena.ts'
import {
  expansionPlan,
  inputLevel,
  type Expansion,
  type Plan,
  type Register,
  type WeightIndex,
  type WeightSource,
} from '../core/plan/plan.ts'
import { keyFormOf } from '../core/plan/key-form.ts'
import { rehearse as rehearseLevels } from '../core/plan/rehearse.ts'
import { runPlan } from '../core/plan/run-plan.ts'
import type { Command } from './command-ring.ts'
import { KernelEvaluator, type KernelValue, type KeyPlace } from './kernel-evaluator.ts'

/** What a run of the plan needs in memory, found by running it without any data. */
export interface Requirements {
  /** Peak of all values at once. */
  readonly valueBytes: number
  /** Longest table of a command. */
  readonly tableWords: number
  /** Polynomials that pass between the stages of one operation. */
  readonly sharedPolynomials: number
  /** Most primes left in a value that is relinearised, 0 for none; and by rotation step. */
  readonly relinearisePrimes: number
  readonly rotationPrimes: ReadonlyMap<number, number>
}

/** `streamed` is what the run itself loads: by instruction, what comes right before it. */
export function rehearse(plan: Plan, streamed: readonly (readonly WeightSource[])[] = []): Requirements {
  const arena = new Arena()
  let tableWords = 0
  let sharedPolynomials = 0
  const { relinearisationPrimes: relinearisePrimes, rotationPrimes } = rehearseLevels(plan)
  const placeless = (dataPrimes: number): KeyPlace => ({
    ...{ key: 0, dataPrimes, permutation: 0, conversion: 0 },
    form: keyFormOf(plan.parameters, dataPrimes),
  })
  const evaluator = new KernelEvaluator({
    ...{ parameters: plan.parameters, arena, shared: 0 },
    commands: {
      submit: (command) => {
        tableWords = Math.max(tableWords, command.table?.length ?? 0)
        sharedPolynomials = Math.max(sharedPolynomials, sharedPolynomialsOf(command))
      },
      finish: () => {},
    },
    material: {
      weight: (index) => ({ address: 0, parts: 2, packed: true, ...plan.weights[index] }),
      relinearisationKey: () => placeless(relinearisePrimes),
      rotationKey: (steps) => placeless(must(rotationPrimes, steps)),
      fillMonomial: () => {},
      fillMask: () => {},
    },
  })
  const { expansions = [] } = plan
  const expand = (some: readonly Expansion[]): void => {
    for (const expansion of some) {
      const { primes, scale } = expansion.input
      runExpansion(plan, expansion, evaluator, evaluator.newInput(2, primes, scale))
    }
    evaluator.releasePlaintexts()
  }
  const passing = streamed.map((sources) => sources.flatMap((source) => expansionOf(plan, source) ?? []))
  const inRuns = new Set(passing.flat())
  expand(expansions.filter((expansion) => !inRuns.has(expansion)))
  runPlan(plan, evaluator, newInputs(plan, evaluator), {
    beforeInstruction: (index) => {
      if (passing.at(index)?.length) expand(passing[index])
    },
  })
  return { valueBytes: arena.peak, tableWords, sharedPolynomials, relinearisePrimes, rotationPrimes }
}

/**
 * Hands each weight to `take`, whose value is released after it; releases the packed one too. Plaintexts stay for the next
 * expansion, until the caller releases them.
 */
export function runExpansion(
  plan: Plan,
  expansion: Expansion,
  evaluator: KernelEvaluator,
  packed: KernelValue,
  take: (weight: WeightIndex, value: KernelValue) => void = () => {},
): void {
  const weights = new Map(expansion.results.map(({ weight, register }) => [register, weight]))
  runPlan(expansionPlan(plan, expansion), evaluator, [packed], {
    afterInstruction: (index, value) => {
      const weight = weights.get(expansion.instructions[index].out)
      if (weight !== undefined) take(weight, value)
    },
  })
  evaluator.release(packed)
}

const expansionOf = ({ expansions }: Plan, source: WeightSource): Expansion | undefined =>
  'expansion' in source ? expansions?.[source.expansion] : undefined

/** Room for the plan's inputs, in order. */
export const newInputs = (plan: Plan, evaluator: KernelEvaluator): KernelValue[] =>
  plan.input.sources.map((_, register) => newInput(plan, evaluator, register))

/** Room for one input: two parts where it is encrypted, one in the clear. */
export function newInput(plan: Plan, evaluator: KernelEvaluator, register: Register): KernelValue {
  const { primes, scale } = inputLevel(plan, register)
  return evaluator.newInput(plan.input.mode === 'plain' ? 1 : 2, primes, scale)
}

function sharedPolynomialsOf({
  stage,
  primes,
  parts = 0,
  count = 0,
  digitPrimes = 1,
  specialPrimes = 1,
}: Command): number {
  if (stage === 'lastRemainder') return parts
  if (stage !== 'applyKeys') return 0
  return primes + (Math.ceil(primes / digitPrimes) + 2 * count) * specialPrimes
}
