import { LevelEvaluator } from '../plan/level-evaluator.ts'
import { costsWithKeys, type CostModel } from '../plan/cost-model.ts'
import type { Plan } from '../plan/plan.ts'
import { runPlan } from '../plan/run-plan.ts'
import { handedBytes } from './hand-off.ts'
import { lastOf, present } from '../must.ts'

/** A gigabit a second. */
const bytesPerMs = 125_000

/** Where a plan may be cut, and what each stretch between two such places costs. */
export interface Stretches {
  /** Milliseconds of each planned layer on one thread. */
  readonly layerMs: readonly number[]
  /** Milliseconds to hand on what lives after each layer but the last. */
  readonly handMs: readonly number[]
}

/** Times by `costs`, on one thread; what is handed on travels at a gigabit a second. */
export function stretchesOf(plan: Plan, costs: CostModel): Stretches {
  return { layerMs: layerMsOf(plan, costs), handMs: handedBytes(plan).map((bytes) => bytes / bytesPerMs) }
}

/** The layers after which to cut into `parts` so that the slowest part is as fast as it can be, and its milliseconds. */
export function balance({ layerMs, handMs }: Stretches, parts: number): { after: number[]; slowestMs: number } {
  const layers = layerMs.length
  const sums = [0]
  for (const ms of layerMs) sums.push(lastOf(sums) + ms)
  const costOf = (from: number, to: number): number =>
    present(sums[to]) - present(sums[from]) + (from > 0 ? present(handMs[from - 1]) : 0)
  // best[p][to]: the slowest of p parts that cover the first `to` layers, and where the last of them begins.
  let best = Array.from({ length: layers + 1 }, (_, to) => ({
    ms: to === 0 ? Infinity : costOf(0, to),
    cuts: [] as number[],
  }))
  for (let p = 2; p <= parts; p++) {
    best = best.map((_, to) => {
      let found = { ms: Infinity, cuts: [] as number[] }
      for (let from = p - 1; from < to; from++) {
        const before = present(best[from])
        const ms = Math.max(before.ms, costOf(from, to))
        if (ms < found.ms) found = { ms, cuts: [...before.cuts, from - 1] }
      }
      return found
    })
  }
  const { cuts, ms } = lastOf(best)
  return { after: cuts, slowestMs: ms }
}

function layerMsOf(plan: Plan, costs: CostModel): number[] {
  const ms = new Array<number>(plan.layers.length).fill(0)
  let layer = 0
  const degree = plan.parameters.polyModulusDegree
  const withKeys = costsWithKeys(costs, plan.parameters)
  const evaluator = new LevelEvaluator(plan, (primitive, primes) => {
    const at = Math.min(layer, ms.length - 1)
    ms[at] = present(ms[at]) + withKeys.ms(primitive, degree, primes)
  })
  const inputs = plan.input.sources.map((_, register) => evaluator.input(register))
  runPlan(plan, evaluator, inputs, {
    beforeInstruction: (index) => {
      while (index >= (plan.layers[layer]?.end ?? Infinity)) layer += 1
    },
  })
  return ms
}
