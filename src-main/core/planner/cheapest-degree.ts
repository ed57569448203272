import type { SquareModel } from '../network/square-model.ts'
import { unlessUserError } from '../errors.ts'
import { kernelCosts } from '../plan/cost-model.ts'
import { estimatePlan } from '../plan/estimate.ts'
import type { Plan, PlannedNetwork } from '../plan/plan.ts'
import { sentAloneAtFirst, sharedWithLoadPrime } from './load-prime.ts'
import { planNetwork, type PlanOptions } from './plan-network.ts'
import { paysForMasks, priceOf, usualMsPerMegabyte } from './price.ts'

/**
 * planNetwork, in the next larger degree where that costs less. The smallest that holds a single convolution (N = 4096) has no room
 * for the prime with which weights share ciphertexts (load-prime.ts), and half the slots: a strided convolution may be many times as
 * large there. Throws as planNetwork.
 */
export function planCheapest(model: SquareModel, options: PlanOptions = {}): PlannedNetwork {
  const { costs = kernelCosts, msPerMegabyte = usualMsPerMegabyte, given, leastDegree, isLarger } = options
  const smallest = planNetwork(model, options)
  const isChosen = given !== undefined || leastDegree !== undefined || isLarger === true
  if (isChosen || !paysForMasks(msPerMegabyte)) return smallest
  const shared = (network: PlannedNetwork): Plan => sharedWithLoadPrime(network, { costs, msPerMegabyte }).plan
  if (!sendsMany(shared(smallest))) return smallest
  const larger = unlessUserError(() => planNetwork(model, { ...options, isLarger: true }))
  const costOf = (network: PlannedNetwork): number => priceOf(estimatePlan(shared(network), costs), msPerMegabyte)
  return larger && costOf(larger) < costOf(smallest) ? larger : smallest
}

/** Whether it has no key prime that loading could take, and several weights of the first level that are sent one by one. */
function sendsMany(plan: Plan): boolean {
  const { keySwitching } = plan.parameters
  if (!keySwitching || keySwitching.keyPrimes.length > 0) return false
  return sentAloneAtFirst(plan).filter(({ role }) => role !== 'bias').length > 1
}
