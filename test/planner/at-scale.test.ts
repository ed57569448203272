import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import { checkPlan } from '../../src-main/core/plan/check-plan.ts'
import { isSecure } from '../../src-main/core/plan/security.ts'
import { atScale, scaleBitsOf } from '../../src-main/core/planner/at-scale.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { networkBuilder } from './networks.ts'

function network() {
  const b = networkBuilder([1, 12, 12])
  b.square('s1', b.conv('c1', INPUT, 4, 3, 2))
  b.square('s2', b.dense('d1', 's1', 20))
  return b.model(b.dense('d2', 's2', 10))
}

const bits = (prime: string): number => BigInt(prime).toString(2).length

describe('a plan at a smaller scale', () => {
  const planned = planNetwork(network(), { searchWidth: 4 })
  const most = scaleBitsOf(planned.plan)
  const smaller = atScale(planned, most - 6, kernelCosts, 2)!

  it('has matching levels and scales, weights included, and secure primes of that size', () => {
    const { parameters, input, weights } = smaller.plan
    checkPlan(smaller.plan)
    expect(input.scale).toBe(2 ** (most - 6))
    expect(parameters.primes.slice(1, -1).map(bits)).toEqual(
      planned.plan.parameters.primes.slice(1, -1).map(() => most - 6),
    )
    for (const { scale } of weights) expect(Math.abs(Math.log2(scale) - (most - 6))).toBeLessThan(1)
    expect(isSecure(parameters)).toBe(true)
    expect(smaller.plan.instructions).toEqual(planned.plan.instructions)
  })

  it('keeps the room of its results', () => {
    const headroom = bits(planned.plan.parameters.primes[0]) - most
    expect(bits(smaller.plan.parameters.primes[0]) - scaleBitsOf(smaller.plan)).toBe(headroom)
  })

  it('is a smaller bundle, and no slower', () => {
    const [before, after] = [planned, smaller].map(({ plan }) => estimatePlan(plan, kernelCosts))
    expect(after.bundleBytes).toBeLessThan(0.9 * before.bundleBytes)
    expect(after.seconds).toBeLessThanOrEqual(before.seconds)
  })

  it('is the same plan where the scale is its own and so are the primes', () => {
    const same = atScale(planned, most, kernelCosts, 2)!
    same.plan.weights.forEach(({ scale }, i) => expect(scale / planned.plan.weights[i].scale).toBeCloseTo(1, 12))
  })

  it('does not exist where the ring has no primes so small', () => {
    expect(atScale(planned, 12, kernelCosts, 2)).toBeUndefined()
  })
})
