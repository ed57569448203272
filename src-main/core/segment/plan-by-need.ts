import { kernelCosts } from '../plan/cost-model.ts'
import type { PlannedNetwork } from '../plan/plan.ts'
import { atScale, scaleBitsOf } from '../planner/at-scale.ts'
import { leastScaleBits } from '../planner/parameters.ts'
import { hasSmallerDegree, type PlanOptions } from '../planner/plan-network.ts'
import { usualMsPerMegabyte } from '../planner/price.ts'
import { shareWeights } from '../planner/share-weights.ts'
import type { SegmentedModel } from './cut-network.ts'
import { spareBits, type PrecisionNeed } from './spare-bits.ts'

/** Smaller scales than a plan may have by any need: what a forecast begins with. */
export type AnyNeed = 'any'

/**
 * The stretches of a network with the smallest scales that meet a need, by simulation of the whole network; where none does, as
 * they are planned without one. Freed bits go to a smaller degree, else to special primes. Scales are as far above each degree's
 * noise in all stretches, as long as their primes allow.
 */
export function planByNeed(
  { segments, cuts }: SegmentedModel,
  plan: (isSimulated: boolean) => PlannedNetwork[],
  need: PrecisionNeed | AnyNeed,
  options: Omit<PlanOptions, 'given'>,
): PlannedNetwork[] {
  const { costs = kernelCosts, msPerMegabyte = usualMsPerMegabyte } = options
  const spare = (stretches: readonly PlannedNetwork[]): number =>
    need === 'any'
      ? Infinity
      : spareBits({ segments: stretches.map((stretch) => shareWeights(stretch, msPerMegabyte)), cuts }, need)
  const smaller = segments.some((segment) => hasSmallerDegree(segment, options)) ? plan(true) : undefined
  const largest = smaller && spare(smaller) >= 0 ? smaller : plan(false)
  const most = Math.max(...largest.map(({ plan }) => bitsAboveNoise(plan)))
  /** Undefined where a stretch has no primes of that size. */
  const at = (bits: number): PlannedNetwork[] | undefined => {
    const stretches = largest.map((stretch) => {
      const least = leastScaleBits(degreeOf(stretch.plan))
      const wanted = Math.max(least, Math.ceil(bits + noiseBits(degreeOf(stretch.plan))))
      return atScale(stretch, Math.min(scaleBitsOf(stretch.plan), wanted), costs, msPerMegabyte)
    })
    return stretches.every((stretch) => stretch !== undefined) ? stretches : undefined
  }
  const least = Math.min(...largest.map(({ plan }) => leastScaleBits(degreeOf(plan)) - noiseBits(degreeOf(plan))))
  // An error falls by half with every bit.
  let bits = Math.ceil(Math.max(least, most - Math.max(0, spare(largest))))
  for (; bits < most; bits++) {
    const stretches = at(bits)
    if (stretches && spare(stretches) >= 0) return stretches
  }
  return largest
}

const degreeOf = ({ parameters }: PlannedNetwork['plan']): number => parameters.polyModulusDegree

/** Every rescaling and key switch leaves a rounding times the secret, of deviation N / √18 in a slot. */
const noiseBits = (degree: number): number => Math.log2(degree / Math.sqrt(18))

const bitsAboveNoise = (plan: PlannedNetwork['plan']): number => scaleBitsOf(plan) - noiseBits(degreeOf(plan))
