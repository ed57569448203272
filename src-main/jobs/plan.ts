import { estimatePlan, type PlanEstimate } from '../core/bundle/estimate.ts'
import { kernelCosts } from '../core/plan/cost-model.ts'
import type { Plan } from '../core/plan/plan.ts'
import { skeletonOf } from '../core/planner/skeleton.ts'
import type { WorkContext } from '../core/progress.ts'
import { compile, planSegments, type CompileRequest } from './compile.ts'
import { openNetwork } from './open-network.ts'
import { Stopwatch } from './stopwatch.ts'

/** Without calibration data the plan is of squarings in place of the activations. */
export type PlanRequest = Omit<CompileRequest, 'calibration'> & Partial<Pick<CompileRequest, 'calibration'>>

export interface PlanResult {
  readonly segments: readonly PlannedSegment[]
  readonly seconds: number
}

/** Sizes are close, times depend on the machine; `edgeSeconds` is on one thread. */
export interface PlannedSegment extends Omit<PlanEstimate, 'seconds' | 'secondsOnTwoThreads'> {
  readonly edgeSeconds: number
  readonly edgeSecondsOnTwoThreads: number
  readonly layers: readonly PlannedLayer[]
}

export interface PlannedLayer {
  readonly name: string
  readonly kind: string
  readonly products: number
  readonly rotations: number
  readonly relinearisations: number
}

/** Packing, levels, keys and cost, without encrypting anything. @throws UserError as `compile` */
export async function plan(request: PlanRequest, work: WorkContext): Promise<PlanResult> {
  const watch = new Stopwatch(work)
  const planned = await plansOf(request, work, watch)
  return { segments: planned.map(describeSegment), seconds: watch.seconds }
}

function describeSegment(planned: Plan): PlannedSegment {
  const { seconds, secondsOnTwoThreads, ...estimate } = estimatePlan(planned, kernelCosts)
  const layers = layersOf(planned)
  return { ...estimate, edgeSeconds: seconds, edgeSecondsOnTwoThreads: secondsOnTwoThreads, layers }
}

async function plansOf(request: PlanRequest, work: WorkContext, watch: Stopwatch): Promise<Plan[]> {
  const { calibration } = request
  if (calibration !== undefined) {
    const { segments } = await compile({ ...request, calibration }, work, watch)
    return segments.map(({ plan }) => plan)
  }
  const model = await watch.time('normalise', () => openNetwork(request))
  const segments = await watch.time('plan', () => planSegments(skeletonOf(model), request))
  return segments.map(({ plan }) => plan)
}

function layersOf({ layers, instructions }: Plan): PlannedLayer[] {
  return layers.map(({ id, kind, first, end }) => {
    const own = instructions.slice(first, end)
    const count = (op: string): number => own.filter((instruction) => instruction.op === op).length
    const products = own.reduce(
      (sum, i) => sum + (i.op === 'multiply-sum' ? i.values.length : i.op === 'square' ? 1 : 0),
      0,
    )
    return { name: id, kind, products, rotations: count('rotate'), relinearisations: count('relinearise') }
  })
}
