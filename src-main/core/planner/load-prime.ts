import type { CostModel } from '../plan/cost-model.ts'
import { estimatePlan } from '../plan/estimate.ts'
import { SEAL_FORM } from '../plan/key-form.ts'
import { typicalForms } from '../plan/choose-forms.ts'
import {
  dataPrimesOf,
  expandedWeights,
  type CkksParameters,
  type Plan,
  type PlannedNetwork,
  type WeightSlot,
} from '../plan/plan.ts'
import { lastOf, present } from '../must.ts'
import { paysForMasks, priceOf, usualMsPerMegabyte } from './price.ts'
import { shareWeights } from './share-weights.ts'

/*
 * Masks cost a level, and weights of the first layer have none above them. So the last key prime may go to the end of the data
 * primes: no value has it, but ciphertexts do from which such weights are made. Keys below take it as a special prime as before
 * (key-form.ts), in the same order, so they stay what they are; and the modulus of all primes together does.
 */

interface LoadPrimeOptions {
  readonly costs: CostModel
  readonly msPerMegabyte?: number
}

/** Whether load programs begin with a prime more than any value has. Of a plan whose input is not handed. */
export const hasLoadPrime = ({ parameters, input }: Pick<Plan, 'parameters' | 'input'>): boolean =>
  input.primes < dataPrimesOf(parameters)

/** Sharing tells what is better, for one network at one price. */
const known = new WeakMap<PlannedNetwork, { readonly msPerMegabyte: number; readonly network: PlannedNetwork }>()

/** A whole stretch, with a load prime if weights of its first level then share so much that it pays, or if its keys are made so. */
export function withLoadPrime(
  network: PlannedNetwork,
  { costs, msPerMegabyte = usualMsPerMegabyte }: LoadPrimeOptions,
): PlannedNetwork {
  const found = known.get(network)
  if (found?.msPerMegabyte === msPerMegabyte) return found.network
  const chosen = choose(network, costs, msPerMegabyte)
  known.set(network, { msPerMegabyte, network: chosen })
  return chosen
}

/** As the edge gets a whole stretch: what repeats is sent once, with a load prime if that pays. */
export const sharedWithLoadPrime = (network: PlannedNetwork, options: LoadPrimeOptions): PlannedNetwork =>
  shareWeights(withLoadPrime(network, options), options.msPerMegabyte)

/** Weights and biases of the first level that a plan sends one by one: masks could let them share only below another prime. */
export function sentAloneAtFirst(shared: Plan): WeightSlot[] {
  const expanded = expandedWeights(shared)
  return shared.weights.filter(
    ({ primes }, index) => primes === dataPrimesOf(shared.parameters) && !expanded.has(index),
  )
}

function choose(network: PlannedNetwork, costs: CostModel, msPerMegabyte: number): PlannedNetwork {
  const { plan, masks = true, loadPrime } = network
  if (loadPrime === false || !plan.parameters.keySwitching?.keyPrimes.length) return network
  const moved = (): PlannedNetwork => ({
    ...network,
    plan: { ...plan, parameters: movedIn(plan.parameters, costs, msPerMegabyte) },
  })
  if (loadPrime) return moved()
  if (!masks || !paysForMasks(msPerMegabyte)) return network
  const costOf = (candidate: PlannedNetwork): number =>
    priceOf(estimatePlan(shareWeights(candidate, msPerMegabyte).plan, costs), msPerMegabyte)
  if (sentAloneAtFirst(shareWeights(network, msPerMegabyte).plan).length < 2) return network
  const other = moved()
  return costOf(other) < costOf(network) ? other : network
}

function movedIn(parameters: CkksParameters, costs: CostModel, msPerMegabyte: number): CkksParameters {
  const { keyPrimes, forms } = present(parameters.keySwitching)
  const chain = [...parameters.primes.slice(0, -1), lastOf(keyPrimes), lastOf(parameters.primes)]
  const moved: CkksParameters = {
    ...parameters,
    primes: chain,
    keySwitching: { keyPrimes: keyPrimes.slice(0, -1), forms: [...forms, SEAL_FORM] },
  }
  const typical = present(typicalForms(moved, costs, msPerMegabyte).keySwitching).forms
  return { ...moved, keySwitching: { ...present(moved.keySwitching), forms: [...forms, lastOf(typical)] } }
}

/** What they were planned with before. */
export function withoutLoadPrime(parameters: CkksParameters): CkksParameters {
  const { keyPrimes, forms } = present(parameters.keySwitching)
  const data = parameters.primes.slice(0, -1)
  return {
    ...parameters,
    primes: [...data.slice(0, -1), lastOf(parameters.primes)],
    keySwitching: { keyPrimes: [...keyPrimes, lastOf(data)], forms: forms.slice(0, -1) },
  }
}
