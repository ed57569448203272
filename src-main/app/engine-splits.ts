import { UserError } from '../core/errors.ts'
import { stepCounter, type WorkContext } from '../core/progress.ts'
import type { Split } from '../core/segment/cut.ts'
import type { Proposal, SplitPlan } from '../ipc/results.ts'
import { plan, type PlanRequest, type PlanResult } from '../jobs/plan.ts'

export interface SplitPlanRequest extends Omit<PlanRequest, 'split'> {
  readonly split: Split
}

export interface ProposalsRequest extends Omit<PlanRequest, 'split'> {
  readonly splits: readonly Split[]
}

export async function splitPlan(request: SplitPlanRequest, work: WorkContext): Promise<SplitPlan> {
  return viewOf(await plan(request, work))
}

/** Plans one split after the other; one that cannot be is no reason not to show the others. */
export async function proposals(
  { splits, ...request }: ProposalsRequest,
  work: WorkContext,
): Promise<{ proposals: Proposal[] }> {
  const step = stepCounter(work, 'segment', splits.length)
  const found: Proposal[] = []
  for (const split of splits) {
    found.push({ split, ...(await planOrProblem({ ...request, split }, { ...work, progress: () => {} })) })
    step()
  }
  return { proposals: found }
}

async function planOrProblem(
  request: SplitPlanRequest,
  work: WorkContext,
): Promise<Pick<Proposal, 'plan' | 'problem'>> {
  try {
    return { plan: await splitPlan(request, work) }
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message }
    throw error
  }
}

/** Times on two threads. */
export function viewOf({ segments, forecast, ...plan }: PlanResult): SplitPlan {
  return {
    ...plan,
    ...(forecast && { forecast: { ...forecast, edgeSeconds: forecast.edgeSecondsOnTwoThreads } }),
    segments: segments.map((segment) => ({ ...segment, edgeSeconds: segment.edgeSecondsOnTwoThreads })),
  }
}
