import { describe, expect, it } from 'vitest'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import { nodeSealCosts } from '../../src-main/core/plan/cost-model.ts'
import { execute } from '../../src-main/core/plan/instruction-table.ts'
import { packInput } from '../../src-main/core/plan/packing.ts'
import type { PlannedNetwork, Register } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { schedulePlan, type Schedule } from '../../src-main/core/plan/schedule.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { must } from '../../src-main/core/must.ts'
import { networkBuilder, randomInput } from '../planner/networks.ts'

function network(): SquareModel {
  const b = networkBuilder([1, 12, 12])
  b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 0))
  b.square('s2', b.conv('c2', 's1', 8, 3, 2, 0))
  return { ...b.model(b.dense('d', 's2', 10)), bounds: new Map([['d', 4]]) }
}

/** What threads that wait for each other's values come to; throws where all of them wait. */
function runThreads(
  { programs, outputThreads }: Schedule,
  { plan, weightVectors }: PlannedNetwork,
  image: Float64Array,
): Float64Array[] {
  const evaluator = new ClearEvaluator(plan, weightVectors)
  const values = programs.map(() => new Map<Register, Float64Array>())
  const sent = new Map<string, Float64Array>()
  const next = programs.map(() => 0)
  const step = (thread: number): boolean => {
    if (next[thread] === programs[thread].length) return false
    const item = programs[thread][next[thread]]
    const own = values[thread]
    if (item.kind === 'receive') {
      const value = sent.get(`${item.register} ${item.from} ${thread}`)
      if (value === undefined) return false
      own.set(item.register, value)
    } else if (item.kind === 'send') sent.set(`${item.register} ${thread} ${item.to}`, must(own, item.register))
    else if (item.kind === 'input') own.set(item.register, packInput(plan, image, item.register))
    else
      own.set(
        item.instruction.out,
        execute(evaluator, item.instruction, (register) => must(own, register)),
      )
    next[thread] += 1
    return true
  }
  while (programs.map((_, thread) => step(thread)).some(Boolean));
  expect(next).toEqual(programs.map((program) => program.length))
  return plan.output.registers.map((register, i) => must(values[outputThreads[i]], register))
}

describe('a plan on threads that share nothing', () => {
  const model = network()
  const planned = planNetwork(model, { searchWidth: 4 })
  const { plan } = planned
  const image = randomInput(model)
  const inputs = plan.input.sources.map((_, register) => packInput(plan, image, register))
  const expected = runPlan(plan, new ClearEvaluator(plan, planned.weightVectors), inputs)

  it.each([1, 2, 3, 5])('comes to the same on %i', (threads) => {
    const outputs = runThreads(schedulePlan(plan, threads, nodeSealCosts), planned, image)
    outputs.forEach((slots, i) => slots.forEach((value, slot) => expect(value).toBeCloseTo(expected[i][slot], 9)))
  })

  it('does every product once', () => {
    const products = (programs: Schedule['programs']): string[] =>
      programs
        .flat()
        .flatMap((item) => (item.kind === 'run' && item.instruction.op === 'multiply-sum' ? [item.instruction] : []))
        .flatMap(({ values, weights }) => values.map((value, k) => `${value} ${weights[k]}`))
        .sort()
    const alone = products(schedulePlan(plan, 1, nodeSealCosts).programs)
    expect(alone.length).toBeGreaterThan(20)
    expect(products(schedulePlan(plan, 3, nodeSealCosts).programs)).toEqual(alone)
  })

  it('is estimated as faster on two, by no more than twice', () => {
    const [one, two] = [1, 2].map((threads) => schedulePlan(plan, threads, nodeSealCosts).estimateMs)
    expect(two).toBeLessThan(one)
    expect(two).toBeGreaterThanOrEqual(one / 2)
  })

  it('is scheduled the same every time', () => {
    const [first, second] = [0, 0].map(() => schedulePlan(plan, 3, nodeSealCosts))
    expect(first).toEqual(second)
  })
})
