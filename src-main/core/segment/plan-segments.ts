import type { RefreshedModel, SquareModel } from '../network/square-model.ts'
import { edgeMemoryOf } from '../plan/estimate.ts'
import { UserError } from '../errors.ts'
import { must, present } from '../must.ts'
import type { LayerId } from '../network/layer-model.ts'
import { encryptedByOwner, kernelCosts } from '../plan/cost-model.ts'
import { atOnce, type InParts } from '../parts.ts'
import type { PlannedNetwork } from '../plan/plan.ts'
import { doesNotFit, type GivenParameters } from '../planner/given-parameters.ts'
import { planCheapest } from '../planner/cheapest-degree.ts'
import type { PlanOptions } from '../planner/plan-network.ts'
import { withLoadPrime } from '../planner/load-prime.ts'
import { shareWeights } from '../planner/share-weights.ts'
import { stepStructure } from '../planner/steps.ts'
import { balance, stretchesOf } from './balance.ts'
import { maxSegments, type Split } from './cut.ts'
import { cutNetwork, type SegmentedModel } from './cut-network.ts'
import { handOff } from './hand-off.ts'
import { planByNeed, planExtremes, type PlanStretches } from './plan-by-need.ts'
import type { PlannedCut, PlannedSegments } from './planned-segments.ts'
import { segmentByDepth, segmentByRefreshes, segmentLevels } from './propose-cuts.ts'
import type { PrecisionNeed } from './spare-bits.ts'

export type { PlannedCut, PlannedSegments } from './planned-segments.ts'

export interface SegmentOptions extends Omit<PlanOptions, 'given'> {
  /** One for each stretch between two refreshes. */
  readonly given?: readonly GivenParameters[]
  /** Makes scales the smallest that meet it; not with given parameters. */
  readonly need?: PrecisionNeed
}

/**
 * Cuts a network by refreshing, plans each stretch, and cuts the plans by handing on. Only the first input is the
 * edge's own; the owner encrypts the others. Throws UserError 'not-a-cut-point', 'too-deep', 'too-many-segments', and as planNetwork.
 */
export const planSegments = (model: RefreshedModel, split: Split, options: SegmentOptions): PlannedSegments =>
  atOnce(planInParts(model, split, options))

/** planSegments, with a stop before each segment and each simulation. */
export function* planInParts(model: RefreshedModel, split: Split, options: SegmentOptions): InParts<PlannedSegments> {
  const { refreshed, plan, finish } = planningOf(model, split, options)
  return finish(yield* options.need ? planByNeed(refreshed, plan, options.need, options) : plan({}))
}

/** A network's plan with the largest scales, and all others between which it may come to lie: see plan-by-need.ts. */
export interface PlanRange {
  readonly largest: PlannedSegments
  readonly others: readonly PlannedSegments[]
}

/** Plans all that a need may choose from, with a stop before each segment. */
export function* planRangeInParts(
  model: RefreshedModel,
  split: Split,
  options: Omit<SegmentOptions, 'given' | 'need'>,
): InParts<PlanRange> {
  const { refreshed, plan, finish } = planningOf(model, split, options)
  const forms = yield* planExtremes(refreshed, plan, options)
  const finished: PlannedSegments[] = []
  for (const [i, form] of forms.entries()) {
    yield { done: i, total: forms.length, detail: 'shared weights' }
    finished.push(finish(form))
  }
  const [largest, ...others] = finished
  return { largest: present(largest), others }
}

interface Planning {
  readonly refreshed: SegmentedModel
  readonly plan: PlanStretches
  /** Cuts the stretches by handing on, and lets weights share ciphertexts. */
  readonly finish: (stretches: readonly PlannedNetwork[]) => PlannedSegments
}

function planningOf(model: RefreshedModel, split: Split, { given, ...options }: SegmentOptions): Planning {
  const refreshed = cutByRefreshing(model, split)
  if (given && given.length !== refreshed.segments.length) {
    throw doesNotFit(`It has ${refreshed.segments.length - 1} refreshes, and the deployment ${given.length - 1}.`)
  }
  const byHand = placeHandOffs(handedAfter(split), refreshed.segments)
  const { costs = kernelCosts } = options
  const plan: PlanStretches = function* (simulated, known = []) {
    const planned: PlannedNetwork[] = []
    for (const [i, segment] of refreshed.segments.entries()) {
      yield { done: i, total: refreshed.segments.length, detail: `segment ${i + 1}` }
      const own = { ...options, ...simulated, given: given?.[i] }
      const usual = i === 0 ? own : { ...own, input: 'encrypted' as const, costs: encryptedByOwner(costs) }
      planned.push(known[i] ?? planCheapest(segment, usual))
    }
    return planned
  }
  return { refreshed, plan, finish: (stretches) => finishStretches(refreshed, split, stretches, byHand, options) }
}

function finishStretches(
  refreshed: SegmentedModel,
  split: Split,
  stretches: readonly PlannedNetwork[],
  byHand: readonly number[][],
  options: SegmentOptions,
): PlannedSegments {
  const after = split.by === 'cuts' ? byHand : handOffsByRule(split, stretches, options)
  const segments: PlannedNetwork[] = []
  const cuts: PlannedCut[] = []
  stretches.forEach((planned, i) => {
    const stretch = withLoadPrime(planned, {
      costs: options.costs ?? kernelCosts,
      msPerMegabyte: options.msPerMegabyte,
    })
    const { masks } = stretch
    const layers = present(after[i])
    const parts = layers.length > 0 ? handOff(stretch, layers).map((part) => ({ ...part, masks })) : [stretch]
    segments.push(...parts)
    for (const layer of layers) cuts.push({ kind: 'hand-off', after: present(stretch.plan.layers[layer]).id })
    const refresh = refreshed.cuts[i]
    if (refresh) cuts.push(refresh)
  })
  if (segments.length > maxSegments) {
    throw new UserError(
      'too-many-segments',
      `${segments.length} segments are more than the ${maxSegments} of a bundle.`,
    )
  }
  return { segments: segments.map((segment) => shareWeights(segment, options.msPerMegabyte)), cuts }
}

/** What planSegments would say of cuts by hand, without planning. @throws UserError not-a-cut-point */
export function checkCuts(model: RefreshedModel, split: Split): void {
  if (split.by === 'cuts') placeHandOffs(handedAfter(split), cutByRefreshing(model, split).segments)
}

const handedAfter = (split: Split): LayerId[] =>
  split.by === 'cuts' ? split.cuts.flatMap(({ after, kind }) => (kind === 'hand-off' ? [after] : [])) : []

function cutByRefreshing(model: RefreshedModel, split: Split): SegmentedModel {
  if (split.by === 'cuts') {
    return cutNetwork(
      model,
      split.cuts.flatMap(({ after, kind }) => (kind === 'refresh' ? [after] : [])),
    )
  }
  if (split.kind === 'exact') return cutNetwork(model, [])
  return split.by === 'refreshes' ? segmentByRefreshes(model, split.refreshes) : segmentByDepth(model, segmentLevels)
}

/** For each stretch, the planned layers after which it is handed on. */
function handOffsByRule(
  split: Exclude<Split, { by: 'cuts' }>,
  stretches: readonly PlannedNetwork[],
  { costs = kernelCosts }: Pick<PlanOptions, 'costs'>,
): number[][] {
  if (split.by === 'memory') return stretches.map((stretch) => withinMemory(stretch, split.bytes))
  if (split.by !== 'nodes') return stretches.map(() => [])
  const parts = stretches.map(({ plan }) => {
    const stretch = stretchesOf(plan, costs)
    return { stretch, balanced: balance(stretch, 1) }
  })
  for (let nodes = parts.length; nodes < split.nodes; nodes++) {
    const divisible = parts.filter(({ stretch, balanced }) => balanced.after.length + 1 < stretch.layerMs.length)
    if (divisible.length === 0) break
    const slowest = divisible.reduce((most, part) => (part.balanced.slowestMs > most.balanced.slowestMs ? part : most))
    slowest.balanced = balance(slowest.stretch, slowest.balanced.after.length + 2)
  }
  return parts.map(({ balanced }) => balanced.after)
}

/** A layer that the planner merges into a later one means the last one before it that is computed by itself. */
function placeHandOffs(wanted: readonly LayerId[], models: readonly SquareModel[]): number[][] {
  const places = models.map(() => new Set<number>())
  const steps = models.map((model) => stepStructure(model).map(({ id }) => id))
  const possible = steps.flatMap((ids) => ids.slice(0, -1))
  for (const after of wanted) {
    const at = models.findIndex(({ layers }) => layers.some(({ id }) => id === after))
    const order = new Map(models[at]?.layers.map(({ id }, i) => [id, i]))
    const computed = steps[at] ?? []
    const place = computed.findLastIndex((id) => must(order, id) <= must(order, after))
    if (place < 0 || place === computed.length - 1) {
      throw new UserError('not-a-cut-point', `Nothing can be handed on after ${after}.`, {
        where: { layer: after },
        hint: `It can after ${possible.join(', ') || 'no layer'}.`,
      })
    }
    present(places[at]).add(place)
  }
  return places.map((place) => [...place].sort((a, b) => a - b))
}

/** Each part as long as the memory allows. */
function withinMemory(stretch: PlannedNetwork, bytes: number): number[] {
  const cuts: number[] = []
  const last = stretch.plan.layers.length - 1
  for (let end = 0, start = 0; end <= last; end++) {
    const ends = end === last ? cuts : [...cuts, end]
    const part = ends.length === 0 ? stretch : present(handOff(stretch, ends)[cuts.length])
    if (edgeMemoryOf(part.plan) <= bytes) continue
    if (end === start) {
      const layer = present(stretch.plan.layers[end]).id
      throw new UserError('memory-too-small', `${layer} alone needs ${edgeMemoryOf(part.plan)} bytes.`, {
        where: { layer },
        hint: 'Allow more memory, or let the edge read weights as it needs them (--memory of edge run).',
      })
    }
    cuts.push(end - 1)
    start = end
    end -= 1
  }
  return cuts
}
