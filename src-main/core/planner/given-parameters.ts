import { UserError } from '../errors.ts'
import type { CkksParameters, Plan } from '../plan/plan.ts'
import { logQPOf } from '../plan/security.ts'
import { hasMasks } from './share-weights.ts'
import { bitsOf, levelBitsOf, scalesSeen, type ChainShape, type Divided } from './chain-shape.ts'
import type { ChosenParameters } from './parameters.ts'

/** What keys exist for: a network is planned within them, or refused. */
export interface GivenParameters extends Pick<ChainShape, 'scaleBits' | 'extraBits'> {
  readonly parameters: CkksParameters
  readonly isPostponed: boolean
  /** Whether vectors may share ciphertexts through masks, as far as the plan tells. */
  readonly masks: boolean
}

/** Of the plans between two refreshes, in order. Those whose squarings are postponed have masks, or were planned without them. */
export function givenBy(plans: readonly Plan[]): GivenParameters {
  const [{ parameters, input }] = plans
  const seen = scalesSeen(parameters, input.scale)
  return { parameters, ...seen, masks: !seen.isPostponed || plans.some(hasMasks) }
}

/** Throws UserError 'update-does-not-fit' unless they have exactly the network's levels, and room for its results. */
export function chooseGiven(
  { parameters, scaleBits, extraBits }: GivenParameters,
  divided: readonly Divided[],
  headroomBits: number,
): ChosenParameters {
  const [firstBits, ...levelBits] = parameters.primes.slice(0, -1).map(bitsOf)
  if (divided.length !== levelBits.length) {
    throw doesNotFit(`It needs ${divided.length} levels, and the deployment's keys are for ${levelBits.length}.`)
  }
  const shape = { divided, scaleBits, extraBits, headroomBits: firstBits - scaleBits - extraBits }
  if (levelBitsOf(shape).some((bits, i) => bits !== levelBits[i])) {
    throw doesNotFit("Its squarings are at other levels than those of the deployment's network.")
  }
  if (headroomBits > shape.headroomBits) {
    throw doesNotFit(
      `Its results take ${headroomBits} bits, and the deployment's keys leave room for ${shape.headroomBits}.`,
    )
  }
  return { parameters, shape, logQP: logQPOf(parameters) }
}

export const doesNotFit = (message: string): UserError =>
  new UserError('update-does-not-fit', message, {
    hint: 'Seal it with the options of the first export, or as a deployment of its own, without --update.',
  })
