import { estimatePlan, leastEdgeMemoryOf, type PlanEstimate } from '../core/plan/estimate.ts'
import { sizeOf, type LayerModel } from '../core/network/layer-model.ts'
import { dumpPlan, type DumpedInstruction } from '../core/plan/dump.ts'
import { productsOf } from '../core/plan/instruction-table.ts'
import { kernelCosts } from '../core/plan/cost-model.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { PlaceAxis } from '../core/network/coefficient-rows.ts'
import { canScaleElements } from '../core/network/scale-map.ts'
import { refreshedSkeletonOf } from '../core/planner/skeleton.ts'
import { withoutLikelyIdleClamps } from '../core/normalise/calibrate-clamps.ts'
import { UserError } from '../core/errors.ts'
import { withPauses } from '../core/parts.ts'
import type { WorkContext } from '../core/progress.ts'
import { WHOLE, type Cut, type CutKind } from '../core/segment/cut.ts'
import { planRangeInParts, type PlannedSegments } from '../core/segment/plan-segments.ts'
import { parametersOf } from '../core/network/linear-maps.ts'
import { forecastBudget, type BudgetForecast } from '../owner/budget/forecast.ts'
import { approximateOpened, planApproximated, type CompileRequest } from './compile.ts'
import { deepest, exactLayersFor } from '../core/compile/compile.ts'
import { NotKept } from './kept-fits.ts'
import { openNetwork, openNetworkFile } from './open-network.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import { lastOf, present } from '../core/must.ts'

/** Without calibration data, or where a fit is to be kept and was not made, the plan is of polynomials whose coefficients mean nothing. */
export type PlanRequest = Omit<CompileRequest, 'calibration'> &
  Partial<Pick<CompileRequest, 'calibration'>> & {
    /** List every instruction, too. */
    readonly dump?: boolean
  }

export interface PlanResult {
  readonly segments: readonly PlannedSegment[]
  /** What happens after each segment but the last, as `--split` takes it. */
  readonly cuts: readonly Cut[]
  /** What the owner has to be online for, in the order of one inference. */
  readonly owner: readonly OwnerDuty[]
  /** Layers of the network after which it may be cut, and how. */
  readonly cutPoints: readonly CutPoint[]
  /** What it was planned from: a fit to calibration data, or the network alone, whose fit may come out somewhat different. */
  readonly basis: 'fit' | 'network'
  /** Between what a fit will come out, where there is none yet; the segments then have the largest scale. */
  readonly forecast?: PlanForecast
  /** What answers may give away once it is exported: docs/security.md. */
  readonly budget: BudgetForecast
  readonly seconds: number
}

export interface Range {
  readonly least: number
  readonly most: number
}

/** Of all segments, but for memory: that of the segment which needs most. */
export interface PlanForecast {
  readonly bundleBytes: Range
  readonly weightBytes: Range
  readonly keyBytes: Range
  readonly edgeMemoryBytes: Range
  /** On one thread and on two. */
  readonly edgeSeconds: Range
  readonly edgeSecondsOnTwoThreads: Range
}

/** Fits came out within these shares of what the network alone promised at the same scale, on every network that was tried. */
const [leastOfFit, mostOfFit] = [0.9, 1.2]

/** Sizes are close, times depend on the machine; `edgeSeconds` is on one thread. Bytes are of ciphertexts. */
export interface PlannedSegment extends Omit<
  PlanEstimate,
  'seconds' | 'secondsOnTwoThreads' | 'inputBytes' | 'outputBytes'
> {
  /** With `--memory`, where weights come and go layer by layer, and those that are expanded are so for every input. */
  readonly leastEdgeMemoryBytes: number
  readonly edgeSeconds: number
  readonly edgeSecondsOnTwoThreads: number
  readonly layers: readonly PlannedLayer[]
  /** Only where they were asked for. */
  readonly instructions?: readonly DumpedInstruction[]
  /** Of the cut after it; absent for the last segment. */
  readonly cut?: Cut
  /** None for the first segment, which packs its own input. */
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly sees: Visible
}

/** What a node with this segment's bundle can see: never a weight, nor a value that it did not put in itself. */
export interface Visible {
  /** Its own samples, or what another node or the owner encrypted. */
  readonly input: 'own-samples' | 'ciphertexts'
  /** Elements that it takes and returns. */
  readonly inputElements: number
  readonly outputElements: number
  /** Kinds and shapes of the layers that it computes. */
  readonly layers: readonly { readonly name: string; readonly kind: string; readonly shape: readonly number[] }[]
}

export interface PlannedLayer {
  readonly name: string
  readonly kind: string
  readonly products: number
  readonly rotations: number
  readonly relinearisations: number
}

export interface OwnerDuty {
  /** Before this segment runs; absent for opening the result. */
  readonly beforeSegment?: number
  readonly act: 'refresh' | 'exact' | 'open'
  /** Layers that the owner applies in the clear. */
  readonly layers: readonly string[]
  readonly receivedBytes: number
  readonly sentBytes: number
}

export interface CutPoint {
  readonly after: string
  readonly kinds: readonly CutKind[]
}

/** Packing, levels, keys and cost, without encrypting anything. @throws UserError as `compile` */
export async function plan(request: PlanRequest, work: WorkContext): Promise<PlanResult> {
  const watch = new Stopwatch(work)
  const { model, segments, cuts, basis, others } = await planned(request, work, watch)
  const estimates = segments.map(({ plan }) => estimatePlan(plan, kernelCosts))
  const refreshes = cuts.flatMap((cut, i): OwnerDuty[] =>
    cut.kind === 'hand-off'
      ? []
      : [
          {
            ...{ beforeSegment: i + 1, act: cut.kind, layers: cut.step.layers.map(({ id }) => id) },
            ...{ receivedBytes: present(estimates[i]).outputBytes, sentBytes: present(estimates[i + 1]).inputBytes },
          },
        ],
  )
  const open: OwnerDuty = { act: 'open', layers: [], receivedBytes: lastOf(estimates).outputBytes, sentBytes: 0 }
  return {
    segments: segments.map((segment, i) => ({
      ...describeSegment(segment.plan, present(estimates[i]), i, cuts[i]),
      ...(request.dump && { instructions: dumpPlan(segment.plan) }),
    })),
    cuts: cuts.map(({ after, kind }) => ({ after, kind })),
    owner: [...refreshes, open],
    cutPoints: cutPointsOf(model),
    basis,
    ...(others && { forecast: forecastOf([estimates, ...others.map(estimatesOf)]) }),
    budget: budgetOf(
      model,
      segments.map(({ plan }) => plan),
    ),
    seconds: watch.seconds,
  }
}

const estimatesOf = ({ segments }: PlannedSegments): PlanEstimate[] =>
  segments.map(({ plan }) => estimatePlan(plan, kernelCosts))

function forecastOf(plans: readonly (readonly PlanEstimate[])[]): PlanForecast {
  const range = (of: (estimates: readonly PlanEstimate[]) => number): Range => {
    const ends = plans.map(of)
    return { least: leastOfFit * Math.min(...ends), most: mostOfFit * Math.max(...ends) }
  }
  const sum = (of: (estimate: PlanEstimate) => number): Range =>
    range((estimates) => estimates.reduce((total, estimate) => total + of(estimate), 0))
  return {
    bundleBytes: sum(({ bundleBytes }) => bundleBytes),
    weightBytes: sum(({ weightBytes }) => weightBytes),
    keyBytes: sum(({ keyBytes }) => keyBytes),
    edgeMemoryBytes: range((estimates) => Math.max(...estimates.map(({ edgeMemoryBytes }) => edgeMemoryBytes))),
    edgeSeconds: sum(({ seconds }) => seconds),
    edgeSecondsOnTwoThreads: sum(({ secondsOnTwoThreads }) => secondsOnTwoThreads),
  }
}

function describeSegment(plan: Plan, estimate: PlanEstimate, index: number, cut: Cut | undefined): PlannedSegment {
  const { seconds, secondsOnTwoThreads, inputBytes, outputBytes, ...rest } = estimate
  return {
    ...rest,
    leastEdgeMemoryBytes: leastEdgeMemoryOf(plan),
    edgeSeconds: seconds,
    edgeSecondsOnTwoThreads: secondsOnTwoThreads,
    layers: layersOf(plan),
    ...(cut && { cut: { after: cut.after, kind: cut.kind } }),
    receivedBytes: index === 0 ? 0 : inputBytes,
    sentBytes: outputBytes,
    sees: {
      input: index === 0 ? 'own-samples' : 'ciphertexts',
      inputElements: sizeOf(plan.input.shape),
      outputElements: sizeOf(plan.output.shape),
      layers: plan.layers.map(({ id, kind, packing }) => ({ name: id, kind, shape: packing.shape })),
    },
  }
}

async function planned(
  request: PlanRequest,
  work: WorkContext,
  watch: Stopwatch,
): Promise<
  PlannedSegments &
    Pick<PlanResult, 'basis'> & { readonly model: LayerModel; readonly others?: readonly PlannedSegments[] }
> {
  const { split = WHOLE, splitPools, input, batch, msPerMegabyte } = request
  const fitted = await fittedNetwork(request, work, watch)
  if (fitted) return { ...(await planApproximated(fitted.request, fitted.network, work, watch)), basis: 'fit' }
  const opened = await watch.time('normalise', () => openNetwork(request))
  const model = withoutLikelyIdleClamps(opened)
  const { degrees } = request
  const exact = exactLayersFor(model, split, request)
  // Where degrees are chosen by what they keep, any activation may get the largest.
  const degree = request.target === undefined ? request.degree : deepest(request)
  const options = { input, batch, msPerMegabyte }
  const rangeOf = (by?: PlaceAxis) =>
    watch.time('plan', () => {
      const skeleton = refreshedSkeletonOf(model, { degree, degrees, exact, splitPools, by })
      return withPauses(planRangeInParts(skeleton, split, options), 'plan', work)
    })
  const { largest, others } = await rangeOf()
  const unlike: PlannedSegments[] = []
  for (const by of axesOf(model)) {
    const range = await rangeOf(by)
    unlike.push(range.largest, ...range.others)
  }
  return { model, basis: 'network', ...largest, others: [...others, ...unlike] }
}

/** A picture's sides are about as long as each other; those of a spectrum or a signal may not be. */
const ELONGATED = 1.5

/** Along which a fit may find that places are not alike, as far as the network alone tells. */
function axesOf(model: LayerModel): PlaceAxis[] {
  const [, height, width] = model.input.shape
  if (Math.max(height, width) < ELONGATED * Math.min(height, width) || !canScaleElements(model)) return []
  return [...(width > 1 ? (['column'] as const) : []), ...(height > 1 ? (['row'] as const) : [])]
}

/** With `keptOnly`, nothing where the fit was not made before, or where the data are wrong, which is for those to say who fit. */
async function fittedNetwork(request: PlanRequest, work: WorkContext, watch: Stopwatch) {
  const { calibration, keptOnly } = request
  if (calibration === undefined) return undefined
  const compiling = { ...request, calibration }
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  try {
    return { request: compiling, network: await approximateOpened(compiling, opened, work, watch) }
  } catch (error) {
    if (keptOnly && (error instanceof NotKept || error instanceof UserError)) return undefined
    throw error
  }
}

/** Weights are counted as the network has them, before approximation and packing. */
function budgetOf(model: LayerModel, plans: readonly Plan[]): BudgetForecast {
  const maps = model.layers.flatMap((layer) => (layer.kind === 'linear' ? layer.terms.map(({ map }) => map) : []))
  const weights = maps.reduce((sum, map) => sum + parametersOf(map), 0)
  const degree = Math.min(...plans.map(({ parameters }) => parameters.polyModulusDegree))
  const { output, batch } = lastOf(plans)
  return forecastBudget(weights, degree, { outputs: sizeOf(output.shape), batch, model })
}

/** By the kind of layer: the planner may merge a linear layer into a later one, and then refuses a hand-off there. */
function cutPointsOf({ layers, output }: LayerModel): CutPoint[] {
  return layers.flatMap(({ id, kind }) => {
    if (id === output) return []
    return [{ after: id, kinds: kind === 'linear' ? ['hand-off', 'refresh'] : ['hand-off', 'refresh', 'exact'] }]
  })
}

function layersOf({ layers, instructions }: Plan): PlannedLayer[] {
  return layers.map(({ id, kind, first, end }) => {
    const own = instructions.slice(first, end)
    const count = (op: string): number => own.filter((instruction) => instruction.op === op).length
    const products = own.reduce((sum, instruction) => sum + productsOf(instruction), 0)
    return { name: id, kind, products, rotations: count('rotate'), relinearisations: count('relinearise') }
  })
}
