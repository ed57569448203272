import { kernelCosts } from '../plan/cost-model.ts'
import { estimatePlan } from '../plan/estimate.ts'
import { present } from '../must.ts'
import type { InParts } from '../parts.ts'
import type { PlannedNetwork } from '../plan/plan.ts'
import { atScale, scaleBitsOf } from '../planner/at-scale.ts'
import { scalesSeen } from '../planner/chain-shape.ts'
import { leastScaleBits, mostPostponedBits } from '../planner/parameters.ts'
import { hasLoadPrime, sharedWithLoadPrime } from '../planner/load-prime.ts'
import { canPostpone, hasSmallerDegree } from '../planner/levels.ts'
import type { PlanOptions } from '../planner/plan-network.ts'
import { paysForMasks, priceOf, usualMsPerMegabyte } from '../planner/price.ts'
import { hasMasks } from '../planner/share-weights.ts'
import { KeptVectors } from './kept-vectors.ts'
import type { SegmentedModel } from './cut-network.ts'
import { hopelessBits, spareBits, type PrecisionNeed } from './spare-bits.ts'

/** What only plans whose errors are simulated may be. */
export type Simulated = Pick<PlanOptions, 'isLarger' | 'isSimulated' | 'postponedBits' | 'masks'>

/** Plans each stretch between two refreshes, but for those that are known. */
export type PlanStretches = (
  simulated: Simulated,
  known?: readonly (PlannedNetwork | undefined)[],
) => InParts<PlannedNetwork[]>

/**
 * The stretches of a network with the smallest scales that meet a need, by simulation of the whole network; where none does, as
 * they are planned without one. Squarings are postponed where that meets it. Freed bits go to a smaller degree, else to special
 * primes. Scales are as far above each degree's noise in all stretches, as long as their primes allow.
 */
export function* planByNeed(
  model: SegmentedModel,
  plan: PlanStretches,
  need: PrecisionNeed,
  options: Omit<PlanOptions, 'given'>,
): InParts<PlannedNetwork[]> {
  // All scales have their weights in common.
  const kept = new KeptVectors()
  const planKept: PlanStretches = function* (...asked) {
    return (yield* plan(...asked)).map((stretch) => kept.of(stretch))
  }
  try {
    return yield* smallestThatMeets(model, planKept, need, options)
  } finally {
    kept.forget()
  }
}

function* smallestThatMeets(
  { segments, cuts }: SegmentedModel,
  plan: PlanStretches,
  need: PrecisionNeed,
  options: Omit<PlanOptions, 'given'>,
): InParts<PlannedNetwork[]> {
  const { costs = kernelCosts, msPerMegabyte = usualMsPerMegabyte } = options
  const shared = (stretch: PlannedNetwork): PlannedNetwork => sharedWithLoadPrime(stretch, { costs, msPerMegabyte })
  const spare = (stretches: readonly PlannedNetwork[]): InParts<number> =>
    spareBits({ segments: stretches.map(shared), cuts }, need)
  const smallest = (largest: readonly PlannedNetwork[]): InParts<PlannedNetwork[] | undefined> =>
    smallestScales(largest, spare, options)

  function* postponed(masks: boolean): InParts<PlannedNetwork[] | undefined> {
    for (const postponedBits of [0, mostPostponedBits]) {
      const simulated = { isSimulated: true, postponedBits, masks }
      if (!segments.some((segment) => canPostpone(segment, { ...options, ...simulated }))) continue
      const largest = yield* plan(simulated)
      const found = yield* smallest(largest)
      if (found) return found
      // The smallest degree has the largest scale already.
      if (largest.every(({ plan: each }) => scaleBitsOf(each) >= mostPostponedBits)) break
    }
    return undefined
  }

  function* usual(): InParts<PlannedNetwork[]> {
    const smaller = segments.some((segment) => hasSmallerDegree(segment, options))
      ? yield* plan({ isSimulated: true })
      : undefined
    const largest = smaller && (yield* spare(smaller)) >= 0 ? smaller : yield* plan({})
    const found = yield* smallestMasked(largest)
    const most = found ? costOf(found) : precisionWorth * costOf(largest)
    const levelled = yield* withLevelled(largest, largest === smaller, most, found !== undefined)
    return levelled && costOf(levelled) < most ? levelled : (found ?? largest)
  }

  /** Weights of the first level that are made by masks err more: a network may have smaller scales where it sends them as they are. */
  function* smallestMasked(largest: readonly PlannedNetwork[]): InParts<PlannedNetwork[] | undefined> {
    const found = yield* smallest(largest)
    const isTaken = found?.some((stretch) => hasLoadPrime(shared(stretch).plan))
    if (largest.length > 1 || isTaken || !paysForMasks(msPerMegabyte)) return found
    const sent = yield* smallest(largest.map((stretch) => ({ ...stretch, loadPrime: false })))
    return sent && (!found || costOf(sent) < costOf(found)) ? sent : found
  }

  /**
   * The same where stretches of small degrees, which have less above their noise than others and so spend what the need leaves, are in
   * a larger degree; where all are alike and do not meet the need, all of them. Undefined where that does not meet the need, or cannot
   * cost less than so much whatever the need.
   */
  function* withLevelled(
    largest: readonly PlannedNetwork[],
    isSimulated: boolean,
    most: number,
    isMet: boolean,
  ): InParts<PlannedNetwork[] | undefined> {
    const bits = largest.map(({ plan }) => bitsAboveNoise(plan, scaleBitsOf(plan)))
    const enough = Math.max(...bits) - likeBits
    const areAlike = bits.every((each) => each >= enough)
    if (areAlike && (isMet || largest.some(({ plan }) => plan.parameters.polyModulusDegree > mostLevelledDegree)))
      return undefined
    const known = areAlike ? [] : largest.map((stretch, i) => (present(bits[i]) < enough ? undefined : stretch))
    const levelled = yield* plan({ isSimulated, isLarger: true }, known)
    const least = yield* smallestScales(levelled, undefined, options)
    return least && costOf(least) < most ? yield* smallest(levelled) : undefined
  }

  const costOf = (stretches: readonly PlannedNetwork[]): number =>
    stretches.reduce((sum, stretch) => sum + priceOf(estimatePlan(shared(stretch).plan, costs), msPerMegabyte), 0)

  const masked = paysForMasks(msPerMegabyte) ? yield* postponed(true) : undefined
  const isMasked = (stretch: PlannedNetwork): boolean =>
    !scalesSeen(stretch.plan).isPostponed || hasMasks(shared(stretch).plan)
  // Masks err too much for most plans whose squarings are postponed; and whether a plan has any tells how it is planned again.
  if (masked?.every(isMasked)) return masked
  const unmasked = yield* postponed(false)
  if (!unmasked) return yield* usual()
  if (!paysForMasks(msPerMegabyte)) return unmasked
  const rescaled = yield* usual()
  return costOf(rescaled) < costOf(unmasked) ? rescaled : unmasked
}

/**
 * The stretches as they are planned without a need, then all that planByNeed may choose from: each at its largest scales and at its
 * smallest, with masks and without. What any need leaves lies between.
 */
export function* planExtremes(
  { segments }: SegmentedModel,
  plan: PlanStretches,
  options: Omit<PlanOptions, 'given'>,
): InParts<PlannedNetwork[][]> {
  const { msPerMegabyte } = options
  const simulated = { isSimulated: true }
  const forms = [yield* plan({})]
  if (segments.some((segment) => hasSmallerDegree(segment, options))) forms.push(yield* plan(simulated))
  const postponed = { ...simulated, postponedBits: 0, masks: paysForMasks(msPerMegabyte) }
  if (segments.some((segment) => canPostpone(segment, { ...options, ...postponed }))) {
    const stretches = yield* plan(postponed)
    forms.push(stretches)
    if (postponed.masks) forms.push(stretches.map((stretch) => ({ ...stretch, masks: false })))
  }
  const all: PlannedNetwork[][] = []
  for (const largest of forms) all.push(largest, (yield* smallestScales(largest, undefined, options)) ?? largest)
  return all
}

/** At the smallest scales that leave bits to spare, where that is asked, no larger than these; undefined where none is found. */
function* smallestScales(
  largest: readonly PlannedNetwork[],
  spare: ((stretches: readonly PlannedNetwork[]) => InParts<number>) | undefined,
  { costs = kernelCosts, msPerMegabyte = usualMsPerMegabyte }: Pick<PlanOptions, 'costs' | 'msPerMegabyte'>,
): InParts<PlannedNetwork[] | undefined> {
  const above = largest.map(({ plan }) => bitsAboveNoise(plan, scaleBitsOf(plan)))
  const most = Math.max(...above)
  const least = Math.min(...largest.map(({ plan }) => bitsAboveNoise(plan, leastBitsOf(plan))))
  /** Undefined where a stretch has no primes of that size. */
  const at = (bits: number): PlannedNetwork[] | undefined => {
    const stretches = largest.map((stretch) => {
      const wanted = Math.max(leastBitsOf(stretch.plan), Math.ceil(bits + noiseBits(stretch.plan) - rounding))
      return atScale(stretch, Math.min(scaleBitsOf(stretch.plan), wanted), costs, msPerMegabyte)
    })
    return stretches.every((stretch) => stretch !== undefined) ? stretches : undefined
  }
  const spared = spare ? yield* spare(largest) : Infinity
  if (spared < hopelessBits) return undefined
  // Bits that the least precise stretch does not have to lose cost little.
  const free = spared >= 0 ? most - Math.min(...above) : 0
  // An error falls by half with every bit; but smaller scales leave room for special primes, with which key switches err less.
  const first = Math.max(1, Math.min(Math.floor(free + spared), Math.ceil(most - least)))
  for (let fewer = first; fewer >= 0;) {
    yield { done: first - fewer, total: largest.length > 1 ? first + 1 : 1, detail: 'precision' }
    const stretches = at(most - fewer)
    const bits = stretches && spare ? yield* spare(stretches) : Infinity
    if (stretches && bits >= 0) return stretches
    fewer -= Math.max(1, Math.floor(-bits))
  }
  return undefined
}

type Plan = PlannedNetwork['plan']

/** Stretches with so many bits less above their noise than another err about as much. */
const likeBits = 2

/** Of plans of several stretches that are alike: from the next one on, a larger degree takes far more than meeting a need may cost. */
const mostLevelledDegree = 8192

/** What a plan that meets the need may cost, as a multiple of one that does not. */
const precisionWorth = 1.5

/** Of sums of bits. */
const rounding = 1e-9

/** Every rescaling and key switch leaves a rounding times the secret, of deviation N / √18 in a slot. */
const noiseBits = ({ parameters }: Plan): number => Math.log2(parameters.polyModulusDegree / Math.sqrt(18))

const bitsAboveNoise = (plan: Plan, scaleBits: number): number => scaleBits - noiseBits(plan)

const leastBitsOf = (plan: Plan): number =>
  leastScaleBits(plan.parameters.polyModulusDegree, scalesSeen(plan).isPostponed)
