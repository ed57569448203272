import { sizeOf, type LinearMap, type Shape } from '../normalise/layer-model.ts'
import { eachEntry } from '../normalise/linear-maps.ts'
import type { WeightWalk } from './diagonals.ts'

/** Visits every weight of a map, outputs in order, the inputs of one output in a fixed order. */
export function walkMap(map: LinearMap, inShape: Shape, outShape: Shape): WeightWalk {
  const outputs = sizeOf(outShape)
  return (visit) => {
    for (let o = 0; o < outputs; o++) eachEntry(map, inShape, outShape, o, (i, weight) => visit(o, i, weight))
  }
}

/** The factor of a depthwise convolution whose weights are all equal (a pool, a scaled identity), or undefined. */
export function uniformFactor(map: LinearMap, inShape: Shape): number | undefined {
  if (map.kind !== 'conv' || map.groups !== inShape[0]) return undefined
  if (map.weight.length !== map.groups * map.kernel[0] * map.kernel[1]) return undefined
  return map.weight.every((weight) => weight === map.weight[0]) ? map.weight[0] : undefined
}

export function scaleMap<M extends LinearMap>(map: M, factor: number): M {
  if (factor === 1) return map
  return map.kind === 'sparse'
    ? { ...map, values: map.values.map((value) => value * factor) }
    : { ...map, weight: map.weight.map((value) => value * factor) }
}
