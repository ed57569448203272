import type { RefreshedModel, SquareModel } from '../network/square-model.ts'
import { UserError } from '../errors.ts'
import { INPUT, type LayerId } from '../network/layer-model.ts'
import { assignPrimes, stepStructure } from '../planner/steps.ts'
import { cutNetwork, cutPoints, narrowCutPoints, type SegmentedModel } from './cut-network.ts'

/** Levels that the chain of N = 16384 holds beside a result of 8 bits above the scale. */
export const segmentLevels = 11

/** Levels that one segment takes. */
export function depthOf(model: SquareModel): number {
  const primes = assignPrimes(stepStructure(model), model)
  const inputs = [INPUT, ...(model.carried?.inputs ?? []).map(({ id }) => id)]
  return Math.max(...inputs.map((id) => primes.get(id) ?? 1)) - 1
}

/**
 * The fewest segments of at most `depth` levels each, every cut as late as it can be, and where a single value crosses
 * if that suffices. Throws UserError 'too-deep' where two neighbouring cut points are further apart.
 */
export function segmentByDepth(model: RefreshedModel, depth: number): SegmentedModel {
  const cutAt = (cuts: readonly LayerId[]): SegmentedModel => cutNetwork(model, cuts)
  const cuts = cutsByDepth(narrowCutPoints(model), cutAt, depth) ?? cutsByDepth(cutPoints(model), cutAt, depth)
  if (!cuts) throw tooDeep(depth)
  return cutAt(cuts)
}

/** At most so many refreshes, of segments that are as shallow as these allow. */
export function segmentByRefreshes(model: RefreshedModel, refreshes: number): SegmentedModel {
  const depth = leastDepth(cutNetwork(model, []), refreshes, (limit) => {
    try {
      return segmentByDepth(model, limit)
    } catch {
      return undefined
    }
  })
  return segmentByDepth(model, depth)
}

/** The error of a network that no cut makes shallow enough; `depth` in levels. */
export const tooDeep = (depth: number): UserError =>
  new UserError('too-deep', `No segment of ${depth} levels reaches from one cut point to the next.`, {
    hint: 'Use activations of lower degree.',
  })

/** The least number of levels to a segment with which `segment` needs at most so many refreshes. */
export function leastDepth(
  whole: SegmentedModel,
  refreshes: number,
  segment: (depth: number) => SegmentedModel | undefined,
): number {
  let [low, high] = [1, Math.max(...whole.segments.map(depthOf))]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const segmented = segment(middle)
    if (segmented && segmented.cuts.length <= refreshes) high = middle
    else low = middle + 1
  }
  return high
}

/**
 * Chosen points, every one as late as it can be so that no segment before it is deeper than `depth`; undefined where
 * neighbouring points are further apart.
 */
export function cutsByDepth(
  points: readonly LayerId[],
  cutAt: (points: readonly LayerId[]) => SegmentedModel,
  depth: number,
): LayerId[] | undefined {
  const fits = (segments: readonly SquareModel[]): boolean => segments.every((segment) => depthOf(segment) <= depth)
  const chosen: LayerId[] = []
  let from = 0
  for (;;) {
    const { segments } = cutAt(chosen)
    if (fits(segments)) return chosen
    let next: LayerId | undefined
    for (const point of points.slice(from)) {
      if (!fits(cutAt([...chosen, point]).segments.slice(0, -1))) break
      next = point
      from += 1
    }
    if (next === undefined) return undefined
    chosen.push(next)
  }
}
