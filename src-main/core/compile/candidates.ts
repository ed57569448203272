import type { LayerId } from '../network/layer-model.ts'
import type { Degree } from '../network/polynomial-model.ts'
import type { Cut, Split } from '../segment/cut.ts'
import { keepsEnough, lossOf, type Kept } from '../validate/kept.ts'

/** What a deployment is made from: the choices that `protect` takes. */
export interface DeploymentChoice {
  /** Of every activation that is replaced. */
  readonly degree: Degree
  /** Of single activations, where it differs. */
  readonly degrees: Readonly<Record<LayerId, Degree>>
  readonly splitPools: boolean
  readonly split: Split
}

/** One deployment and what it costs. Sizes are close, times depend on the machine; seconds and bytes are of one sample. */
export interface Candidate extends DeploymentChoice, Omit<Kept, 'samples'> {
  readonly cuts: readonly Cut[]
  readonly segments: number
  /** Round trips with the owner before the result is opened. */
  readonly refreshes: number
  /** On two threads, all segments together. */
  readonly edgeSeconds: number
  /** Of one machine that holds all segments. */
  readonly edgeMemoryBytes: number
  readonly bundleBytes: number
  /** Weights and plan without the keys: what an update sends. */
  readonly updateBytes: number
  /** Ciphertexts to and from the owner, the result among them. */
  readonly trafficBytes: number
  /** Encrypting what was refreshed, by the cost model; decrypting and activations are small beside it. */
  readonly ownerSeconds: number
  /** The whole network in the clear on the owner's machine, by our own forward pass. */
  readonly clearSeconds: number
}

export const GOALS = ['offline', 'small', 'fast', 'exact'] as const
/** No owner online; the fewest bytes; the least time at the edge; nothing lost. */
export type Goal = (typeof GOALS)[number]

export interface Limits {
  readonly maxBundleBytes?: number
  readonly maxRefreshes?: number
  /** Share of the labels; 0.95 unless given. */
  readonly minKept?: number
}

/** Outputs that are off by no more are the network's own, to encryption. */
const EXACT_ERROR = 1e-3

/** Candidates that none of the others beats or equals in every respect; of equals the first. */
export function unbeaten(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((one, i) => !candidates.some((other, j) => i !== j && beats(other, one, j < i)))
}

/** Whether `one` is at least as good as `other` in every respect and better in one, or equal and `first`. */
function beats(one: Candidate, other: Candidate, first: boolean): boolean {
  const differences = [...costs, ...losses].map((of) => of(one) - of(other))
  return (
    differences.every((difference) => difference <= 0) && (first || differences.some((difference) => difference < 0))
  )
}

type Costs = Pick<Candidate, 'edgeSeconds' | 'edgeMemoryBytes' | 'bundleBytes' | 'refreshes'>
type Losses = Omit<Kept, 'samples' | 'keptLow'>

const isClose = ({ relativeError }: Losses): boolean => relativeError <= EXACT_ERROR

/** Keeping every label of a hundred samples is not enough. */
const losesNothing = (kept: Losses): boolean => isClose(kept) && (kept.judgedBy !== 'labels' || kept.keptLabels === 1)

const refreshesOf = ({ refreshes }: Costs): number => refreshes

/** Each is better where it is less. */
const costs: readonly ((costs: Costs) => number)[] = [
  ({ edgeSeconds }) => edgeSeconds,
  ({ edgeMemoryBytes }) => edgeMemoryBytes,
  ({ bundleBytes }) => bundleBytes,
  refreshesOf,
]
const losses: readonly ((kept: Losses) => number)[] = [lossOf, (kept) => (isClose(kept) ? 0 : 1)]

/** By what a fit may come out cheaper than the network alone promises. */
const CHEAPER = 0.8

/**
 * Whether one of the candidates beats a deployment of which only the least costs are known, and what it keeps where it was fitted;
 * until then it may keep everything, and be exact where every activation is.
 */
export function isBeatenAnyway(
  candidates: readonly Candidate[],
  choice: DeploymentChoice,
  least: Costs,
  kept?: Losses,
): boolean {
  const keepsAsMuch = (known: Candidate): boolean => {
    if (kept) return losses.every((of) => of(known) <= of(kept))
    return choice.split.by !== 'activations' && keepsAll(known)
  }
  return candidates.some(
    (known) => keepsAsMuch(known) && costs.every((of) => of(known) <= (of === refreshesOf ? 1 : CHEAPER) * of(least)),
  )
}

const keepsAll = ({ judgedBy, keptLabels }: Losses): boolean => judgedBy === 'labels' && keptLabels === 1

/** Whether polynomials of degree 2 in place of every activation keep all labels. */
export const keepsAllAtDegree2 = (known: Candidate): boolean =>
  keepsAll(known) && !known.splitPools && hasNoExact(known) && isOfDegree2(known)

/** Whether some activations have a higher degree than in a candidate of the same cuts that keeps every label: that can only cost more. */
export const isDeeperThanNeeded = (candidates: readonly Candidate[], choice: DeploymentChoice): boolean =>
  candidates.some(
    (known) =>
      keepsAll(known) &&
      choice.splitPools === known.splitPools &&
      JSON.stringify(choice.split) === JSON.stringify(known.split) &&
      isOfDegree2(known) &&
      degreesOf(choice).some((degree) => degree > 2),
  )

const isOfDegree2 = (choice: DeploymentChoice): boolean => degreesOf(choice).every((degree) => degree === 2)
const hasNoExact = ({ cuts }: Pick<Candidate, 'cuts'>): boolean => cuts.every(({ kind }) => kind !== 'exact')
const degreesOf = ({ degree, degrees }: DeploymentChoice): Degree[] => [degree, ...Object.values(degrees)]

/** Whether it keeps what a goal asks for: this share of the labels, and everything for `exact`. */
export const meetsGoal = (candidate: Candidate, goal: Goal, minKept = 0.95): boolean =>
  goal === 'exact' ? losesNothing(candidate) : keepsEnough({ ...candidate, samples: 0 }, minKept)

/**
 * Whether it most likely keeps this share of labels that nobody has seen: half-way to the lower end of its interval, which is
 * about one standard error. The least of many that just reach a share in a sample is often one that was lucky there.
 */
export const likelyKeeps = ({ judgedBy, keptLabels, keptLow }: Candidate, minKept = 0.95): boolean =>
  judgedBy !== 'labels' || (keptLabels + keptLow) / 2 >= minKept

/**
 * The candidate for a goal within the limits, of those that keep enough one that most likely does so beyond the samples, if
 * any; else, of these or, where none keeps enough, of all within the other limits, the one that keeps most.
 * Undefined where the other limits leave none.
 */
export function recommend(candidates: readonly Candidate[], goal: Goal, limits: Limits): Candidate | undefined {
  const { maxBundleBytes = Infinity, minKept } = limits
  const maxRefreshes = Math.min(limits.maxRefreshes ?? Infinity, goal === 'offline' ? 0 : Infinity)
  const within = candidates.filter(
    ({ bundleBytes, refreshes }) => bundleBytes <= maxBundleBytes && refreshes <= maxRefreshes,
  )
  const enough = within.filter((candidate) => meetsGoal(candidate, goal, minKept))
  const likely = goal === 'exact' ? enough : enough.filter((candidate) => likelyKeeps(candidate, minKept))
  const order = goal === 'offline' ? lossOf : goal === 'fast' ? secondsOf : bytesOf
  return best(likely, order) ?? keepsMost(enough) ?? keepsMost(within)
}

const best = (candidates: readonly Candidate[], order: (candidate: Candidate) => number): Candidate | undefined =>
  candidates.toSorted((left, right) => order(left) - order(right) || left.bundleBytes - right.bundleBytes)[0]

const bytesOf = ({ bundleBytes }: Candidate): number => bundleBytes
const secondsOf = ({ edgeSeconds }: Candidate): number => edgeSeconds

/** Labels of a hundred samples differ by one or two by chance: of those within a standard error of the most, the one whose outputs are nearest. */
function keepsMost(candidates: readonly Candidate[]): Candidate | undefined {
  const most = best(candidates, lossOf)
  if (most?.judgedBy !== 'labels') return most
  const least = lossOf(most)
  const near = candidates.filter((candidate) => lossOf(candidate) <= least + (most.keptLabels - most.keptLow) / 2)
  return best(
    near.filter(({ relativeError }) => relativeError <= Math.min(...near.map((one) => one.relativeError))),
    lossOf,
  )
}

/** Where the limits leave none: what comes nearest in bytes, and in refreshes; each keeps the other limit if any does. */
export function nearest(candidates: readonly Candidate[], goal: Goal, limits: Limits): Candidate[] {
  const { maxBundleBytes = Infinity, maxRefreshes = Infinity } = limits
  const most = goal === 'offline' ? 0 : maxRefreshes
  const small = candidates.filter(({ bundleBytes }) => bundleBytes <= maxBundleBytes)
  const rare = candidates.filter(({ refreshes }) => refreshes <= most)
  const found = [
    best(rare.length > 0 ? rare : candidates, bytesOf),
    best(small.length > 0 ? small : candidates, refreshesOf),
  ]
  return [...new Set(found.filter((candidate) => candidate !== undefined))]
}
