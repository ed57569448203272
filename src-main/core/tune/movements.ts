import type { LayerModel, Shape } from '../network/layer-model.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import { labelOf, marginOf, share } from '../network/classification.ts'
import { distort, mirror } from './distort.ts'
import type { Movement } from './distort.ts'
import { evenly } from '../numeric/evenly.ts'

/** Share of its surer half of labels that the network must keep where samples move so; unsure ones change by anything. */
const LEAST_KEPT = 0.99
/** A movement along a shorter side changes all of it. */
const LEAST_SIDE = 8
/** Samples on which each movement is tried. */
const TRIED = 200

/**
 * The movements under which the original network gives the samples the labels that they have, each tried by itself: what the
 * network was trained for says what its input is.
 */
export function keptMovements(model: LayerModel, samples: readonly Float64Array[]): Movement[] {
  const { shape } = model.input
  const tried = evenly(samples, TRIED)
  const outputs = runLayerBatch(model, tried)
  const surest = [...outputs.keys()].sort((a, b) => marginOf(outputs[b]) - marginOf(outputs[a]))
  const sure = surest
    .slice(0, Math.ceil(surest.length / 2))
    .map((i) => ({ sample: tried[i], label: labelOf(outputs[i]) }))
  return possibleMovements(shape).filter((movement) => {
    const moved = runLayerBatch(
      model,
      sure.map(({ sample }, index) => moveBy(movement, sample, shape, index)),
    )
    return share(moved, (output, i) => labelOf(output) === sure[i].label) >= LEAST_KEPT
  })
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
