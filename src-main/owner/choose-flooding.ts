import { sizeOf } from '../core/network/layer-model.ts'
import { fillBatch } from '../core/plan/packing.ts'
import type { PlannedSegments } from '../core/segment/plan-segments.ts'
import { lastOf } from '../core/must.ts'
import { mostReleases, type Flooding } from './flood.ts'
import { measureNoise, randomInput } from './measure-noise.ts'

/** The simulation is within a factor of two of what SEAL does. */
const noiseMargin = 2
const statisticalBits = 30
/** Where nobody says how many scores will be released: as many as the plan's precision leaves room for, up to this. */
const usualReleases = 1000

/** How many numbers the network gives for one image. */
export const scoresOf = ({ segments }: PlannedSegments): number => sizeOf(lastOf(segments).plan.output.shape)

/** How scores of this network have to be flooded, judged by a typical preprocessed sample. */
export function floodingFor(network: PlannedSegments, sample?: Float64Array, releases?: number): Flooding {
  const [first] = network.segments
  const measured = measureNoise(network, sample ? fillBatch(first.plan, sample) : randomInput(first))
  const { spread } = measured
  const noise = noiseMargin * measured.noise
  const most = mostReleases({ noise, spread, statisticalBits }, scoresOf(network))
  return { noise, spread, releases: releases ?? Math.max(1, Math.min(most, usualReleases)), statisticalBits }
}
