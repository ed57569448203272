import { UserError } from '../errors.ts'
import { bitLength } from '../numeric/primes.ts'
import type { CkksParameters, Plan } from '../plan/plan.ts'
import { logQPOf } from '../plan/security.ts'
import { hasLoadPrime, withoutLoadPrime } from './load-prime.ts'
import { hasMasks } from './share-weights.ts'
import { levelBitsOf, scalesSeen, type Divided, type ScalesSeen } from './chain-shape.ts'
import type { ChosenParameters } from './parameters.ts'

/** What keys exist for: a network is planned within them, or refused. */
export interface GivenParameters extends ScalesSeen {
  readonly parameters: CkksParameters
  /** Whether vectors may share ciphertexts through masks, as far as the plan tells. */
  readonly masks: boolean
  /** Whether load programs begin with a prime more than values have; `parameters` are those without it. */
  readonly loadPrime: boolean
}

/** Of the plans between two refreshes, in order. Those whose squarings are postponed have masks, or were planned without them. */
export function givenBy(plans: readonly Plan[]): GivenParameters {
  const [first] = plans
  const seen = scalesSeen(first)
  const loadPrime = hasLoadPrime(first)
  const parameters = loadPrime ? withoutLoadPrime(first.parameters) : first.parameters
  return { parameters, ...seen, masks: !seen.isPostponed || plans.some(hasMasks), loadPrime }
}

/** @throws UserError update-does-not-fit unless they have exactly the network's levels, as `dividedBy` tells, and room for its results */
export function chooseGiven(
  { parameters, scaleBits, extraBits }: GivenParameters,
  divided: readonly Divided[] | undefined,
  headroomBits: number,
): ChosenParameters {
  const [firstBits, ...levelBits] = parameters.primes.slice(0, -1).map(bitLength)
  if (!divided) throw doesNotFit(otherLevels)
  if (divided.length !== levelBits.length) {
    throw doesNotFit(`It needs ${divided.length} levels, and the deployment's keys are for ${levelBits.length}.`)
  }
  const shape = { divided, scaleBits, extraBits, headroomBits: firstBits - scaleBits - extraBits }
  if (levelBitsOf(shape).some((bits, i) => bits !== levelBits[i])) {
    throw doesNotFit(otherLevels)
  }
  if (headroomBits > shape.headroomBits) {
    throw doesNotFit(
      `Its results take ${headroomBits} bits, and the deployment's keys leave room for ${shape.headroomBits}.`,
    )
  }
  return { parameters, shape, logQP: logQPOf(parameters) }
}

const otherLevels = "Its squarings are at other levels than those of the deployment's network."

/** The error of a network that the parameters and keys of a deployment cannot compute. */
export const doesNotFit = (message: string): UserError =>
  new UserError('update-does-not-fit', message, {
    hint: 'Seal it with the options of the first export, or as a deployment of its own, without --update.',
  })
