import { sizeOf } from '../core/network/layer-model.ts'
import { fillBatch } from '../core/plan/packing.ts'
import type { PlannedSegments } from '../core/segment/plan-segments.ts'
import { lastOf, present } from '../core/must.ts'
import type { Finishing } from '../core/normalise/run-tail.ts'
import { mostReleases, type Flooding } from './flood.ts'
import { measureNoise, randomInput } from './measure-noise.ts'
import { largestTailDeviation } from './tail-deviation.ts'

/** The simulation is within a factor of two of what SEAL does. */
const noiseMargin = 2
const statisticalBits = 30
/** Where nobody says how many scores will be released: as many as the plan's precision leaves room for, up to this. */
const usualReleases = 1000

/** How many numbers the network gives for one image. */
export const scoresOf = ({ segments }: PlannedSegments): number => sizeOf(lastOf(segments).plan.output.shape)

/** How scores of this network have to be flooded, judged by a typical preprocessed sample and by what the owner does with them. */
export function floodingFor(
  network: PlannedSegments,
  finishing: Finishing,
  sample?: Float64Array,
  releases?: number,
): Flooding {
  const first = present(network.segments[0])
  const measured = measureNoise(network, sample ? fillBatch(first.plan, sample) : randomInput(first))
  const { spread, exact } = measured
  const noise = noiseMargin * measured.noise
  const scores = scoresOf(network)
  const largestDeviation =
    finishing.tail && sample ? largestTailDeviation(finishing, exact.slice(0, scores), spread) : undefined
  const flooding = { noise, spread, statisticalBits, ...(largestDeviation !== undefined && { largestDeviation }) }
  return { ...flooding, releases: releases ?? Math.max(1, Math.min(mostReleases(flooding, scores), usualReleases)) }
}
