import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { SquareModel } from '../../src-main/core/network/square-model.ts'
import { decodePlan, encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import { allPrimesOf, keyChainOf, keyFormOf } from '../../src-main/core/plan/key-form.ts'
import { dataPrimesOf, weightEntries, type CkksParameters, type PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { logQPOf, MAX_LOG_QP } from '../../src-main/core/plan/security.ts'
import { givenBy } from '../../src-main/core/planner/given-parameters.ts'
import { hasLoadPrime, withLoadPrime, withoutLoadPrime } from '../../src-main/core/planner/load-prime.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { hasMasks, shareWeights } from '../../src-main/core/planner/share-weights.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import { forward, networkBuilder, randomInput } from './networks.ts'

/** A padded convolution of several channels comes first, as behind a refresh. */
function network(seed = 1): SquareModel {
  const b = networkBuilder([16, 16, 16], seed)
  b.square('s1', b.conv('c1', INPUT, 16, 3, 1, 1))
  return { ...b.model(b.dense('d', 's1', 10)), bounds: new Map([['d', 4]]) }
}

describe('a prime that load programs begin with', () => {
  const planned = planNetwork(network(), { searchWidth: 2 })
  const before = planned.plan.parameters
  const moved = withLoadPrime(planned, { costs: kernelCosts })
  const { parameters, weights } = moved.plan
  const shared = shareWeights(moved)

  it('is the last key prime, which no value has', () => {
    expect(hasLoadPrime(planned.plan)).toBe(false)
    expect(hasLoadPrime(moved.plan)).toBe(true)
    expect(moved.plan.input.primes).toBe(dataPrimesOf(parameters) - 1)
    expect(parameters.primes.at(-2)).toBe(before.keySwitching!.keyPrimes.at(-1))
    expect(weights.every(({ primes }) => primes < dataPrimesOf(parameters))).toBe(true)
    expect(withoutLoadPrime(parameters)).toEqual(before)
  })

  it('leaves the keys of all values as they were, and the modulus that security is judged by', () => {
    const chain = (of: CkksParameters, level: number): string[] => keyChainOf(of, level).map((i) => allPrimesOf(of)[i])
    for (let level = 1; level <= dataPrimesOf(before); level++) {
      expect(chain(parameters, level)).toEqual(chain(before, level))
      expect(keyFormOf(parameters, level)).toEqual(keyFormOf(before, level))
    }
    expect(logQPOf(parameters)).toBeCloseTo(logQPOf(before), 9)
    // Weights and the keys that take them apart are encrypted over some of all primes, never more.
    const all = new Set(allPrimesOf(parameters))
    expect(all.size).toBe(allPrimesOf(parameters).length)
    const widest = new Set([...chain(parameters, dataPrimesOf(parameters)), ...parameters.primes])
    expect([...widest].every((prime) => all.has(prime))).toBe(true)
    const bits = [...all].reduce((sum, prime) => sum + Math.log2(Number(prime)), 0)
    expect(bits).toBeLessThanOrEqual(MAX_LOG_QP.get(parameters.polyModulusDegree)!)
  })

  it('lets the weights of a padded first convolution share ciphertexts', () => {
    const bytes = (each: PlannedNetwork): number => estimatePlan(shareWeights(each).plan, kernelCosts).bundleBytes
    const first = weightEntries(shared.plan).filter(({ primes }) => primes === dataPrimesOf(parameters))
    const vectors = weights.filter(({ layer, role }) => layer === 0 && role === 'weight')
    expect(first.length).toBeGreaterThan(0)
    expect(first.length).toBeLessThan(vectors.length / 8)
    expect(bytes(moved)).toBeLessThan(bytes(planned) / 2)
  })

  it('changes nothing of what is computed, and a reader takes the plan', () => {
    const sample = randomInput(network())
    const expected = forward(network(), sample).get('d')!
    const result = runSegmentsInTheClear({ segments: [shared], cuts: [] }, sample)
    expected.forEach((value, i) => expect(result[i]).toBeCloseTo(value, 9))
    expect(decodePlan(encodePlan(shared.plan))).toEqual(shared.plan)
  })

  it('is planned again for other weights under the same keys', () => {
    const given = givenBy([shared.plan])
    expect(given.loadPrime).toBe(true)
    expect(given.parameters).toEqual(before)
    const update = withLoadPrime(planNetwork(network(2), { searchWidth: 2, given }), { costs: kernelCosts })
    expect(encodePlan(shareWeights(update).plan)).toEqual(encodePlan(shared.plan))
  })

  it('is left where it was unless masks are worth their time, may be made, and there is a key prime', () => {
    const unmoved = (network: PlannedNetwork, msPerMegabyte?: number): void =>
      expect(withLoadPrime(network, { costs: kernelCosts, msPerMegabyte })).toBe(network)
    unmoved(planned, 0)
    unmoved({ ...planned, masks: false })
    unmoved({ ...planned, loadPrime: false })
    const without = { ...before, keySwitching: { ...before.keySwitching!, keyPrimes: [] } }
    unmoved({ ...planned, plan: { ...planned.plan, parameters: without } })
    expect(hasMasks(shareWeights(planned, 0).plan)).toBe(false)
  })
})
