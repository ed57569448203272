import { describe, expect, it } from 'vitest'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { decodePlan, encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import { expandedBytes } from '../../src-main/core/plan/check-expansions.ts'
import { expansionPlan, weightEntries, type PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { periodOf } from '../../src-main/core/planner/repeats.ts'
import { compactWeights } from '../../src-main/core/planner/compact.ts'
import { withinBounds } from '../../src-main/core/planner/share-weights.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import { forward, networkBuilder, packedSlots, randomInput } from './networks.ts'

const options = { searchWidth: 8 }

function network(seed = 1): SquareModel {
  const b = networkBuilder([1, 16, 16], seed)
  b.square('s1', b.conv('c1', INPUT, 8, 3, 1, 1))
  b.pool('p1', 's1', 2, 2)
  b.square('s2', b.conv('c2', 'p1', 16, 3, 1, 0))
  return { ...b.model(b.dense('d', 's2', 10)), bounds: new Map([['d', 4]]) }
}

describe('weights that repeat', () => {
  const planned = planNetwork(network(), options)
  const compacted = compactWeights(planned)

  it('are sent once', () => {
    const { expansions = [], weights } = compacted.plan
    const expanded = expansions.reduce((sum, { results }) => sum + results.length, 0)
    expect(expanded).toBeGreaterThan(20)
    expect(weightEntries(compacted.plan).length).toBe(weights.length - expanded + expansions.length)
    expect(weightEntries(compacted.plan).length).toBeLessThan(0.5 * weights.length)
  })

  it('come out of their load programs, run by the same interpreter', () => {
    const { plan, weightVectors } = compacted
    const evaluator = new ClearEvaluator(plan, weightVectors)
    plan.expansions!.forEach((expansion, e) => {
      const made = runPlan(expansionPlan(plan, expansion, true), evaluator, [packedSlots(compacted, e)])
      expansion.results.forEach(({ weight }, i) => {
        const expected = weightVectors(weight)
        const worst = made[i].reduce((most, value, at) => Math.max(most, Math.abs(value - (expected.at(at) ?? 0))), 0)
        expect(worst).toBeLessThan(1e-12)
      })
    })
  })

  it('compute the same network', () => {
    const sample = randomInput(network())
    const result = runSegmentsInTheClear({ segments: [compacted], cuts: [] }, sample)
    const expected = forward(network(), sample).get('d')!
    expected.forEach((value, e) => expect(result[e]).toBeCloseTo(value, 10))
  })

  it('are chosen by the architecture: plans of networks with other weights are equal byte for byte', () => {
    const zeros = network()
    for (const layer of zeros.layers) {
      if (layer.kind === 'linear') {
        for (const { map } of layer.terms) (map.kind === 'sparse' ? map.values : map.weight).fill(0)
      }
    }
    for (const other of [network(2), zeros]) {
      expect(encodePlan(compactWeights(planNetwork(other, options)).plan)).toEqual(encodePlan(compacted.plan))
    }
  })
})

describe('weights that would fill an edge’s memory', () => {
  const compacted = compactWeights(planNetwork(network(), options))
  const bytesOf = ({ plan }: PlannedNetwork) =>
    plan.expansions!.reduce((sum, expansion) => sum + expandedBytes(plan, expansion), 0)
  const most = 0.4 * bytesOf(compacted)
  const bounded = withinBounds(compacted, most)

  it('are sent by themselves as far as they do not fit', () => {
    expect(bytesOf(bounded)).toBeLessThanOrEqual(most)
    expect(bytesOf(bounded)).toBeGreaterThan(0)
    expect(weightEntries(bounded.plan).length).toBeGreaterThan(weightEntries(compacted.plan).length)
    expect(withinBounds(compacted)).toBe(compacted)
    expect(() => decodePlan(encodePlan(bounded.plan))).not.toThrow()
  })

  it('compute the same network', () => {
    const sample = randomInput(network())
    const result = runSegmentsInTheClear({ segments: [bounded], cuts: [] }, sample)
    const expected = forward(network(), sample).get('d')!
    expected.forEach((value, e) => expect(result[e]).toBeCloseTo(value, 10))
    const evaluator = new ClearEvaluator(bounded.plan, bounded.weightVectors)
    bounded.plan.expansions!.forEach((expansion, e) => {
      const made = runPlan(expansionPlan(bounded.plan, expansion, true), evaluator, [packedSlots(bounded, e)])
      expansion.results.forEach(({ weight }, i) => {
        const own = bounded.weightVectors(weight)
        made[i].forEach((value, at) => expect(value).toBeCloseTo(own.at(at) ?? 0, 12))
      })
    })
  })
})

/** As after a refresh, where the owner packs all channels: with a border that its reader pads. */
describe.each([
  { shape: [24, 10, 10], kernel: 3, stride: 1, pad: 1, groups: 1 },
  { shape: [24, 8, 8], kernel: 3, stride: 1, pad: 1, groups: 1 },
  { shape: [24, 16, 16], kernel: 5, stride: 1, pad: 2, groups: 24 },
  { shape: [8, 16, 16], kernel: 3, stride: 2, pad: 1, groups: 1 },
] as const)(
  'weights of a padded convolution, of $shape by stride $stride',
  ({ shape, kernel, stride, pad, groups }) => {
    const model = (): SquareModel => {
      const b = networkBuilder(shape)
      const id = b.conv('c', INPUT, shape[0], kernel, stride, pad, groups)
      return { ...b.model(id), bounds: new Map([[id, 4]]) }
    }
    const compacted = compactWeights(planNetwork(model(), { ...options, msPerMegabyte: 20 }))
    const { plan } = compacted

    it('are sent once', () => {
      const expanded = plan.expansions!.reduce((sum, { results }) => sum + results.length, 0)
      expect(expanded).toBeGreaterThan(0.9 * plan.weights.filter(({ role }) => role === 'weight').length)
    })

    it('compute the same network', () => {
      const sample = randomInput(model())
      const expected = forward(model(), sample).get('c')!
      const made = Array.from(runSegmentsInTheClear({ segments: [compacted], cuts: [] }, sample))
      expect(Math.max(...made.map((value, e) => Math.abs(value - expected[e])))).toBeLessThan(1e-10)
    })
  },
)

describe('weights beside a shortcut that the owner refreshes too', () => {
  const b = networkBuilder([16, 16, 16])
  const identity = { ...b.convMap(INPUT, 16, [1, 1], 1, 0, 16), weight: new Float64Array(16).fill(1) }
  const shortcut = { id: 'shortcut', shape: [16, 16, 16] } as const
  b.sum(
    'sum',
    [
      { input: INPUT, map: b.convMap(INPUT, 16, [3, 3], 1, 1) },
      { input: 'shortcut', map: identity },
    ],
    [16, 16, 16],
  )
  const carried = { inputs: [shortcut], outputs: [] }
  const { plan } = compactWeights(planNetwork({ ...b.model('sum'), carried, bounds: new Map([['sum', 4]]) }, options))

  it('are sent once: the shortcut lies on the grid that has room for the border', () => {
    const expanded = plan.expansions!.reduce((sum, { results }) => sum + results.length, 0)
    expect(expanded).toBeGreaterThan(0.9 * plan.weights.filter(({ role }) => role === 'weight').length)
  })
})

describe('the period of a pattern', () => {
  it.each([
    { pattern: [1, 2, 1, 2, 1, 2, 1, 2], period: 2 },
    { pattern: [1, 2, 3, 4, 1, 2, 3, 4], period: 4 },
    { pattern: [1, 2, NaN, NaN, NaN, NaN, 1, 2], period: 2 },
    { pattern: [1, 2, 0, 2, 1, 2, 1, 2], period: 8 },
    { pattern: [NaN, 2, 1, 3, NaN, NaN, NaN, NaN], period: 4 },
  ])('$pattern has $period', ({ pattern, period }) => {
    expect(periodOf(Float64Array.from(pattern))).toBe(period)
  })
})
