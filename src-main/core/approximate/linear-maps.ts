import type { LinearMap, Shape } from '../network/layer-model.ts'
import { expandBias } from '../network/linear-maps.ts'
import { applyLinearMap } from '../network/run-layers.ts'

/** What the map makes of a field that is constant per channel; not constant itself where zero padding cuts in. */
export function mapConstants(map: LinearMap, inShape: Shape, outShape: Shape, constants: Float64Array): Float64Array {
  return applyLinearMap(map, inShape, outShape, expandBias(constants, inShape))
}

/** The inverse of `expandBias` where every channel is constant up to rounding; otherwise the field itself. */
export function gather(field: Float64Array, [channels, height, width]: Shape): Float64Array {
  const plane = height * width
  const largest = field.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const perChannel = Float64Array.from({ length: channels }, (_, c) => field[c * plane])
  const even = field.every((value, i) => Math.abs(value - perChannel[Math.floor(i / plane)]) <= 1e-13 * largest)
  return even ? perChannel : field
}
