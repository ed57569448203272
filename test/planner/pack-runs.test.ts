import { describe, expect, it } from 'vitest'
import { encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import { expansionPlan, weightEntries } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { packRuns } from '../../src-main/core/planner/pack-runs.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { forward, networkBuilder, randomInput } from './networks.ts'

function network(seed = 1): SquareModel {
  const b = networkBuilder([1, 12, 12], seed)
  b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 0))
  b.pool('p1', 's1', 2, 2)
  b.square('s2', b.conv('c2', 'p1', 8, 3, 1, 0))
  return { ...b.model(b.dense('d', 's2', 10)), bounds: new Map([['d', 4]]) }
}

describe('weights that hold a number in many slots near each other', () => {
  const planned = planNetwork(network(), { searchWidth: 8 })
  const packed = packRuns(planned)
  const { plan, weightVectors } = packed
  const expansions = plan.expansions ?? []

  it('share ciphertexts of 32 places, with the same masks', () => {
    const counts = expansions.map(({ results }) => results.length)
    expect(Math.max(...counts)).toBeGreaterThan(16)
    const expanded = counts.reduce((sum, count) => sum + count, 0)
    expect(weightEntries(plan).length).toBe(plan.weights.length - expanded + expansions.length)
    const sums = expansions.flatMap(({ instructions }) => instructions.flatMap((i) => (i.op === 'mask-sum' ? [i] : [])))
    expect(sums).toHaveLength(expanded)
    expect(new Set(sums.flatMap(({ masks }) => masks)).size).toBe(32)
  })

  it('come out of their load programs, run by the same interpreter', () => {
    expansions.forEach((expansion, e) => {
      const [source] = packed.expandedVectors!(e)
      const made = runPlan(expansionPlan(plan, expansion, true), new ClearEvaluator(plan, weightVectors), [source])
      expansion.results.forEach(({ weight }, i) => expect(made[i]).toEqual(weightVectors(weight)))
    })
  })

  it('compute the same network', () => {
    const sample = randomInput(network())
    const inputs = plan.input.sources.map((source) => Float64Array.from(source, (at) => (at < 0 ? 0 : sample[at])))
    const [result] = runPlan(plan, new ClearEvaluator(plan, weightVectors), inputs)
    const expected = forward(network(), sample).get('d')!
    expected.forEach((value, e) => expect(result[plan.output.positions[e]]).toBeCloseTo(value, 10))
  })

  it('are chosen by the architecture: the plan of a network with other weights is equal byte for byte', () => {
    const other = packRuns(planNetwork(network(7), { searchWidth: 8 }))
    expect(encodePlan(other.plan)).toEqual(encodePlan(plan))
  })
})
