import { UserError } from '../errors.ts'
import { dataPrimesOf, type CkksParameters, type Plan } from '../plan/plan.ts'
import { logQPOf } from '../plan/security.ts'
import type { ChosenParameters } from './parameters.ts'

/** What keys exist for: a network is planned within them, or refused. */
export interface GivenParameters {
  readonly parameters: CkksParameters
  readonly scaleBits: number
}

/** Of a plan whose input is not handed. */
export const givenBy = ({ parameters, input }: Plan): GivenParameters => ({
  parameters,
  scaleBits: Math.round(Math.log2(input.scale)),
})

/** Throws UserError 'update-does-not-fit' unless they have exactly the network's levels, and room for its results. */
export function chooseGiven(given: GivenParameters, depth: number, headroomBits: number): ChosenParameters {
  const { parameters, scaleBits } = given
  const levels = dataPrimesOf(parameters) - 1
  if (depth !== levels) throw doesNotFit(`It needs ${depth} levels, and the deployment's keys are for ${levels}.`)
  const room = BigInt(parameters.primes[0]).toString(2).length - scaleBits
  if (headroomBits > room) {
    throw doesNotFit(`Its results take ${headroomBits} bits, and the deployment's keys leave room for ${room}.`)
  }
  return { parameters, scaleBits, logQP: logQPOf(parameters) }
}

export const doesNotFit = (message: string): UserError =>
  new UserError('update-does-not-fit', message, {
    hint: 'Seal it with the options of the first export, or as a deployment of its own, without --update.',
  })
