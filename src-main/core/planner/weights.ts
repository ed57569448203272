import { sizeOf, type LinearMap, type Shape } from '../network/layer-model.ts'
import { eachEntry } from '../network/linear-maps.ts'
import type { WeightWalk } from './diagonals.ts'

/** Visits every weight of a map, outputs in order, the inputs of one output in a fixed order. */
export function walkMap(map: LinearMap, inShape: Shape, outShape: Shape): WeightWalk {
  const outputs = sizeOf(outShape)
  return (visit) => {
    for (let o = 0; o < outputs; o++) eachEntry(map, inShape, outShape, o, (i, weight) => visit(o, i, weight))
  }
}

/** Per-channel factors of a depthwise convolution whose taps are equal (a pool, a scaling), or undefined. */
export function windowFactors(map: LinearMap, inShape: Shape): Float64Array | undefined {
  if (map.kind !== 'conv' || map.groups !== inShape[0]) return undefined
  const taps = map.kernel[0] * map.kernel[1]
  if (map.weight.length !== map.groups * taps) return undefined
  const factors = Float64Array.from({ length: map.groups }, (_, c) => map.weight[c * taps])
  return map.weight.every((weight, k) => weight === factors[Math.floor(k / taps)]) ? factors : undefined
}
