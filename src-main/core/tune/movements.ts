import type { LayerModel, Shape } from '../network/layer-model.ts'
import { tellsQuantities } from '../network/quantities.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import { labelOf, marginOf, relativeChange, share } from '../network/classification.ts'
import { distort, mirror } from './distort.ts'
import type { Movement } from './distort.ts'
import { must } from '../must.ts'
import { evenly } from '../numeric/evenly.ts'

/** Share of its surer half of labels that the network must keep where samples move so; unsure ones change by anything. */
const LEAST_KEPT = 0.99
/** The same of a picture's mirror image: a network of natural images that is often wrong changes some of its surer labels too. */
const LEAST_KEPT_OF_PICTURES = 0.95
/** An input is a picture where at least this share is kept under each movement but the mirror: a spectrum keeps half of it when it is turned. */
const PICTURE = 0.9
/** By which outputs may change, relative to how they vary, where labels say nothing. */
const MOST_CHANGED = 0.3
/** A movement along a shorter side changes all of it. */
const LEAST_SIDE = 8
/** Samples on which each movement is tried. */
const TRIED = 200
const MOVED_AT_ONCE = 16

/**
 * The movements under which the original network gives the samples the labels that they have, each tried by itself: what the
 * network was trained for says what its input is. A picture may be turned, zoomed, slanted and shifted, all of these, and mirrored where
 * that keeps its labels as well. Where the network tells quantities, or one label of all, those that hardly change its outputs.
 */
export function keptMovements(model: LayerModel, samples: readonly Float64Array[]): Movement[] {
  const { shape } = model.input
  const tried = evenly(samples, TRIED)
  const outputs = runLayerBatch(model, tried)
  const moved = (movement: Movement, some: readonly Float64Array[]): Float64Array[] => {
    const results: Float64Array[] = []
    // In parts, since copies of all of them, if they are large pictures, would take as much memory as the fit.
    for (let first = 0; first < some.length; first += MOVED_AT_ONCE) {
      const part = some.slice(first, first + MOVED_AT_ONCE)
      const copies = part.map((sample, at) => moveBy(movement, sample, shape, first + at))
      results.push(...runLayerBatch(model, copies))
    }
    return results
  }
  const sure = surerHalf(outputs)
  const sureSamples = sure.map((i) => tried[i])
  const labels = sure.map((i) => labelOf(outputs[i]))
  const tellsNothing = tellsQuantities(model) || labels.every((label) => label === labels[0])
  const possible = possibleMovements(shape)
  if (tellsNothing)
    return possible.filter((movement) => relativeChange(outputs, moved(movement, tried)) <= MOST_CHANGED)
  const keptOf = (movement: Movement) =>
    share(moved(movement, sureSamples), (output, i) => labelOf(output) === labels[i])
  const kept = new Map(possible.map((movement) => [movement, keptOf(movement)]))
  const isPicture =
    possible.includes('turn') && [...kept].every(([movement, of]) => movement === 'mirror' || of >= PICTURE)
  const least = isPicture ? LEAST_KEPT_OF_PICTURES : LEAST_KEPT
  return possible.filter((movement) => (isPicture && movement !== 'mirror') || must(kept, movement) >= least)
}

function surerHalf(outputs: readonly Float64Array[]): number[] {
  const surest = [...outputs.keys()].sort((a, b) => marginOf(outputs[b]) - marginOf(outputs[a]))
  return surest.slice(0, Math.ceil(surest.length / 2))
}

function possibleMovements([, height, width]: Shape): Movement[] {
  const [tall, broad] = [height >= LEAST_SIDE, width >= LEAST_SIDE]
  return [
    ...(tall && broad ? (['turn', 'zoom', 'slant'] as const) : []),
    ...(tall ? (['shift rows'] as const) : []),
    ...(broad ? (['shift columns', 'mirror'] as const) : []),
  ]
}

const moveBy = (movement: Movement, sample: Float64Array, shape: Shape, index: number): Float64Array =>
  movement === 'mirror' ? mirror(sample, shape) : distort(sample, shape, index, [movement])
