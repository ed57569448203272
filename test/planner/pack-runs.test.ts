import { describe, expect, it } from 'vitest'
import { encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import { expansionPlan, weightEntries } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { packRuns } from '../../src-main/core/planner/pack-runs.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
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
    const result = runSegmentsInTheClear({ segments: [packed], cuts: [] }, sample)
    const expected = forward(network(), sample).get('d')!
    expected.forEach((value, e) => expect(result[e]).toBeCloseTo(value, 10))
  })

  it('are chosen by the architecture: the plan of a network with other weights is equal byte for byte', () => {
    const other = packRuns(planNetwork(network(7), { searchWidth: 8 }))
    expect(encodePlan(other.plan)).toEqual(encodePlan(plan))
  })
})

describe.each([8, 16])('weights of a padded convolution inside the network, with a side of %i', (size) => {
  /** Rows end where the next ones begin, and channels too: there is no gap. */
  const padded = (seed = 1): SquareModel => {
    const b = networkBuilder([1, size, size], seed)
    b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 1))
    return { ...b.model(b.conv('c2', 's1', 8, 3, 1, 1)), bounds: new Map([['c2', 4]]) }
  }
  const planned = planNetwork(padded(), { searchWidth: 8 })
  const packed = packRuns(planned)
  const { plan, weightVectors } = packed
  const expansions = plan.expansions ?? []

  it('share ciphertexts, and masks leave their borders out', () => {
    const inner = expansions.filter(({ results }) => plan.weights[results[0].weight].layer === 2)
    const own = plan.weights.filter(({ layer, role }) => layer === 2 && role === 'weight')
    const shared = inner.flatMap(({ results }) => results)
    expect(shared).toHaveLength(own.length)
    expect(inner.length).toBeLessThanOrEqual(Math.ceil(own.length / 8))
    const borders = shared.filter(({ weight }) => planned.weightPatterns!(weight).includes(0))
    expect(borders.length).toBeGreaterThan(own.length / 2)
  })

  it('come out of their load programs as the network has them', () => {
    expansions.forEach((expansion, e) => {
      const [source] = packed.expandedVectors!(e)
      const made = runPlan(expansionPlan(plan, expansion, true), new ClearEvaluator(plan, weightVectors), [source])
      expansion.results.forEach(({ weight }, i) => {
        expect(made[i]).toEqual(weightVectors(weight))
        const [wanted, pattern] = [planned.weightVectors(weight), planned.weightPatterns!(weight)]
        const known = (vector: Float64Array): Float64Array =>
          vector.map((value, slot) => (Number.isNaN(pattern[slot]) ? 0 : value))
        expect(known(made[i])).toEqual(known(wanted))
      })
    })
  })

  it('compute the same network', () => {
    const sample = randomInput(padded())
    const result = runSegmentsInTheClear({ segments: [packed], cuts: [] }, sample)
    const expected = forward(padded(), sample).get('c2')!
    expected.forEach((value, e) => expect(result[e]).toBeCloseTo(value, 10))
  })

  it('are chosen by the architecture: the plan of a network with other weights is equal byte for byte', () => {
    const other = packRuns(planNetwork(padded(7), { searchWidth: 8 }))
    expect(encodePlan(other.plan)).toEqual(encodePlan(plan))
  })
})
