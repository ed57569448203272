import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import type { PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { planCheapest } from '../../src-main/core/planner/cheapest-degree.ts'
import { sharedWithLoadPrime } from '../../src-main/core/planner/load-prime.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { priceOf, usualMsPerMegabyte } from '../../src-main/core/planner/price.ts'
import { networkBuilder } from './networks.ts'

/** One convolution that halves its picture, as between two activations of a residual network that the owner applies. */
function strided() {
  const b = networkBuilder([16, 16, 16])
  return b.model(b.conv('halved', INPUT, 32, 3, 2, 1))
}

const options = { input: 'encrypted', searchWidth: 2 } as const
const degreeOf = ({ plan }: PlannedNetwork): number => plan.parameters.polyModulusDegree
const estimate = (network: PlannedNetwork) =>
  estimatePlan(sharedWithLoadPrime(network, { costs: kernelCosts }).plan, kernelCosts)

describe('the cheapest degree', () => {
  const model = strided()
  const smallest = planNetwork(model, options)

  it('is larger than levels need where weights can share ciphertexts there alone', () => {
    const cheapest = planCheapest(model, options)
    expect([degreeOf(smallest), degreeOf(cheapest)]).toEqual([4096, 8192])
    expect(estimate(cheapest).bundleBytes).toBeLessThan(estimate(smallest).bundleBytes / 2)
    expect(priceOf(estimate(cheapest), usualMsPerMegabyte)).toBeLessThan(
      priceOf(estimate(smallest), usualMsPerMegabyte),
    )
  })

  it('is the smallest where bytes are cheap, and where weights repeat there too', () => {
    expect(degreeOf(planCheapest(model, { ...options, msPerMegabyte: 0 }))).toBe(4096)
    const b = networkBuilder([4, 8, 8])
    expect(degreeOf(planCheapest(b.model(b.conv('same', INPUT, 4, 3, 1, 1)), options))).toBe(4096)
  })
})
