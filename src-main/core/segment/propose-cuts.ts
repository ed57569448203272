import type { SquareModel } from '../approximate/polynomial-model.ts'
import { UserError } from '../errors.ts'
import { INPUT, type LayerId } from '../normalise/layer-model.ts'
import { assignPrimes, stepsOf } from '../planner/steps.ts'
import { cutNetwork, cutPoints, type SegmentedModel } from './cut-network.ts'

/** Levels that one segment of this network takes. */
export function depthOf(model: SquareModel): number {
  return (assignPrimes(stepsOf(model), model.output).get(INPUT) ?? 1) - 1
}

/**
 * The fewest segments of at most `depth` levels each, every cut as late as it can be.
 * Throws UserError 'too-deep' where two neighbouring cut points are further apart.
 */
export function segmentByDepth(model: SquareModel, depth: number): SegmentedModel {
  const points = cutPoints(model)
  const cuts: LayerId[] = []
  let from = 0
  while (depthOf(lastSegment(model, cuts)) > depth) {
    let next: number | undefined
    for (let i = from; i < points.length; i++) {
      const { segments } = cutNetwork(model, [...cuts, points[i]])
      if (depthOf(segments.at(-2)!) > depth) break
      next = i
    }
    if (next === undefined) {
      throw new UserError('too-deep', `No segment of ${depth} levels reaches from one cut point to the next.`, {
        where: { layer: points[from] ?? model.output },
        hint: 'Use activations of lower degree.',
      })
    }
    cuts.push(points[next])
    from = next + 1
  }
  return cutNetwork(model, cuts)
}

const lastSegment = (model: SquareModel, cuts: readonly LayerId[]): SquareModel =>
  cutNetwork(model, cuts).segments.at(-1)!
