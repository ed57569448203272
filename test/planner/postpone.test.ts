import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { must } from '../../src-main/core/must.ts'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { checkPlan } from '../../src-main/core/plan/check-plan.ts'
import { ClearEvaluator } from '../../src-main/core/plan/clear-evaluator.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import { dataPrimesOf, slotsOf, type PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { isSecure } from '../../src-main/core/plan/security.ts'
import { atScale } from '../../src-main/core/planner/at-scale.ts'
import { firstBitsOf, levelBitsOf, scalesOf, shapeOf } from '../../src-main/core/planner/chain-shape.ts'
import { givenBy } from '../../src-main/core/planner/given-parameters.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { shareWeights } from '../../src-main/core/planner/share-weights.ts'
import { dividedBy, postponableSquares } from '../../src-main/core/planner/postpone.ts'
import { assignPrimes, stepsOf } from '../../src-main/core/planner/steps.ts'
import { forward, networkBuilder, randomInput } from './networks.ts'

/** Two squarings that maps read, with a shortcut around the second, and one that a squaring reads. */
function network(seed = 1): SquareModel {
  const b = networkBuilder([2, 10, 10], seed)
  b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 1))
  b.square('s2', b.conv('c2', 's1', 4, 3, 1, 1))
  const [map, shortcut] = [b.convMap('s2', 4, [3, 3], 1, 1), b.convMap('s1', 4, [1, 1])]
  const terms = [
    { input: 's2', map },
    { input: 's1', map: shortcut },
  ]
  b.square('s4', b.square('s3', b.sum('sum', terms, [4, 10, 10])))
  return b.model(b.dense('d', 's4', 5))
}

/** By each prime: what d, s3, the sum, c2 and c1 leave. */
const divided = ['both', 'square', 'both', 'both', 'weights'] as const

const options = { searchWidth: 4, isSimulated: true, postponedBits: 0 } as const
const bits = (prime: string): number => BigInt(prime).toString(2).length

function worstError({ plan, weightVectors }: PlannedNetwork, model: SquareModel): number {
  const sample = randomInput(model)
  const expected = must(forward(model, sample), model.output)
  const inputs = plan.input.sources.map((source) => Float64Array.from(source, (at) => (at < 0 ? 0 : sample[at])))
  const outputs = runPlan(plan, new ClearEvaluator(plan, weightVectors), inputs)
  const slots = slotsOf(plan.parameters)
  const errors = [...plan.output.positions].map((position, e) =>
    Math.abs(outputs[Math.floor(position / slots)][position % slots] - expected[e]),
  )
  return Math.max(...errors)
}

describe('postponed squarings', () => {
  const model = network()
  const planned = planNetwork(model, options)
  const shape = shapeOf(planned.plan)

  it('are those that linear maps alone read, and no output is', () => {
    expect([...postponableSquares(stepsOf(model), model)]).toEqual(['s1', 's2', 's4'])
    expect([...postponableSquares(stepsOf(model), { output: 's4' })]).toEqual(['s1', 's2'])
  })

  it('take no prime of their own: the map behind them takes one of twice the bits', () => {
    const steps = stepsOf(model)
    const postponed = postponableSquares(steps, model)
    const primes = assignPrimes(steps, model, postponed)
    // From the input: c1, then s1 and c2, then s2 and the sum, s3, then s4 and d.
    expect(['c1', 's1', 'c2', 's2', 'sum', 's3', 's4', 'd'].map((id) => primes.get(id))).toEqual([
      5, 5, 4, 4, 3, 2, 2, 1,
    ])
    expect(dividedBy(steps, primes, 5, postponed)).toEqual(divided)
    const usual = planNetwork(model, { searchWidth: 4 })
    expect([planned, usual].map(({ plan }) => dataPrimesOf(plan.parameters))).toEqual([6, 9])
    expect(estimatePlan(planned.plan, kernelCosts).seconds).toBeLessThan(
      0.8 * estimatePlan(usual.plan, kernelCosts).seconds,
    )
  })

  it('leave the depth of the network what it is, on fewer levels', () => {
    const usual = planNetwork(model, { searchWidth: 4 })
    const depths = [planned, usual].map(({ plan }) => estimatePlan(plan, kernelCosts))
    expect(depths.map(({ depth, levels }) => [depth, levels])).toEqual([
      [8, 5],
      [8, 8],
    ])
  })

  it('leave a plan that computes the network, is secure, and has scales that match', () => {
    checkPlan(planned.plan)
    expect(isSecure(planned.plan.parameters)).toBe(true)
    expect(worstError(planned, model)).toBeLessThan(1e-12)
  })

  it('have a chain whose shape the plan tells', () => {
    const { parameters, input } = planned.plan
    const data = parameters.primes.slice(0, -1).map(bits)
    expect(shape.divided).toEqual(divided)
    expect(data).toEqual([firstBitsOf(shape), ...levelBitsOf(shape)])
    expect(input.scale).toBe(scalesOf(shape).at(-1))
    expect(Math.min(...[parameters.primes.at(-1)!].map(Number))).toBeGreaterThan(
      Math.max(...parameters.primes.slice(0, -1).map(Number)),
    )
  })

  it('have scales that double what they are above the least at each wide prime', () => {
    const scales = scalesOf({
      ...{ divided: ['both', 'weights', 'both'], scaleBits: 20, extraBits: 8, headroomBits: 5 },
    }).map(Math.log2)
    expect(scales).toEqual([28, 24, 24, 22])
    expect(scalesOf({ divided: ['square', 'weights'], scaleBits: 30, extraBits: 0, headroomBits: 5 })).toEqual(
      new Array(3).fill(2 ** 30),
    )
  })

  it('stay postponed at a smaller scale, and in a plan for given parameters', () => {
    const smaller = atScale(planned, shape.scaleBits - 2, kernelCosts, 2)!
    checkPlan(smaller.plan)
    expect(shapeOf(smaller.plan)).toMatchObject({ divided, scaleBits: shape.scaleBits - 2 })
    expect(worstError(smaller, model)).toBeLessThan(1e-12)
    // What is exported tells by its masks that it was planned with them.
    const exported = shareWeights(smaller).plan
    const other = planNetwork(network(2), { searchWidth: 4, given: givenBy([exported]) })
    expect(other.plan).toEqual(smaller.plan)
  })

  it('are refused where given parameters have them at other levels', () => {
    const b = networkBuilder([2, 10, 10])
    b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 1))
    b.square('s2', b.conv('c2', 's1', 4, 3, 1, 1))
    b.square('s3', b.conv('c3', 's2', 4, 3, 1, 1))
    const even = b.model(b.dense('d', b.square('s4', b.conv('c4', 's3', 4, 3, 1, 1)), 5))
    expect(() => planNetwork(even, { given: givenBy([planned.plan]) })).toThrow(
      expect.objectContaining({
        code: 'update-does-not-fit',
        message: expect.stringContaining('other levels') as string,
      }),
    )
  })
})
