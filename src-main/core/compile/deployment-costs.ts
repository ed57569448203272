import { kernelCosts, nodeSealCosts } from '../plan/cost-model.ts'
import { estimatePlan, type PlanEstimate } from '../plan/estimate.ts'
import type { PlannedSegments } from '../segment/planned-segments.ts'
import type { Candidate, DeploymentChoice } from './candidates.ts'
import type { Kept } from '../validate/kept.ts'
import { present, lastOf } from '../must.ts'

/** What a planned deployment costs. */
export type DeploymentCosts = Omit<Candidate, keyof DeploymentChoice | keyof Kept | 'clearSeconds'>

/** What a planned deployment takes for one input: bytes, and seconds by the cost model of our kernels. */
export function costsOf({ segments, cuts }: PlannedSegments): DeploymentCosts {
  const estimates = segments.map(({ plan }) => estimatePlan(plan, kernelCosts))
  const sum = (of: (estimate: PlanEstimate) => number): number =>
    estimates.reduce((total, estimate) => total + of(estimate), 0)
  const refreshed = cuts.flatMap(({ kind }, i) => (kind === 'hand-off' ? [] : [i]))
  const estimateOf = (segment: number): PlanEstimate => present(estimates[segment])
  const trafficBytes =
    refreshed.reduce((total, i) => total + estimateOf(i).outputBytes + estimateOf(i + 1).inputBytes, 0) +
    lastOf(estimates).outputBytes
  const ownerMs = refreshed.reduce((total, i) => {
    const { polyModulusDegree, inputs, levels } = estimateOf(i + 1)
    return total + inputs * nodeSealCosts.ms('encrypt', polyModulusDegree, levels + 1)
  }, 0)
  return {
    cuts: cuts.map(({ after, kind }) => ({ after, kind })),
    segments: segments.length,
    refreshes: refreshed.length,
    edgeSeconds: sum(({ secondsOnTwoThreads }) => secondsOnTwoThreads),
    edgeMemoryBytes: sum(({ edgeMemoryBytes }) => edgeMemoryBytes),
    bundleBytes: sum(({ bundleBytes }) => bundleBytes),
    updateBytes: sum(({ weightBytes }) => weightBytes),
    trafficBytes,
    ownerSeconds: ownerMs / 1000,
  }
}

/** Of forecasts of one deployment, the least in each respect. */
export const leastOf = (forecasts: readonly DeploymentCosts[]): DeploymentCosts =>
  forecasts.reduce((one, other) => ({
    ...one,
    edgeSeconds: Math.min(one.edgeSeconds, other.edgeSeconds),
    edgeMemoryBytes: Math.min(one.edgeMemoryBytes, other.edgeMemoryBytes),
    bundleBytes: Math.min(one.bundleBytes, other.bundleBytes),
    updateBytes: Math.min(one.updateBytes, other.updateBytes),
  }))
