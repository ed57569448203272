import type { ConvMap, LinearMap, Shape } from '../normalise/layer-model.ts'
import type { WeightWalk } from './diagonals.ts'

/** Visits every weight of a map, outputs in order, the inputs of one output in a fixed order. */
export function walkMap(map: LinearMap, inShape: Shape, outShape: Shape): WeightWalk {
  if (map.kind === 'conv') return (visit) => walkConv(map, inShape, outShape, visit)
  if (map.kind === 'dense') {
    const inputs = inShape[0] * inShape[1] * inShape[2]
    return (visit) => map.weight.forEach((weight, k) => visit(Math.floor(k / inputs), k % inputs, weight))
  }
  return (visit) => {
    for (let o = 0; o + 1 < map.rowStarts.length; o++) {
      for (let k = map.rowStarts[o]; k < map.rowStarts[o + 1]; k++) visit(o, map.columns[k], map.values[k])
    }
  }
}

function walkConv(
  map: ConvMap,
  [inChannels, inHeight, inWidth]: Shape,
  [outChannels, outHeight, outWidth]: Shape,
  visit: (output: number, input: number, weight: number) => void,
): void {
  const inPerGroup = inChannels / map.groups
  const outPerGroup = outChannels / map.groups
  const [kernelHeight, kernelWidth] = map.kernel
  let output = 0
  for (let out = 0; out < outChannels; out++) {
    const firstIn = Math.floor(out / outPerGroup) * inPerGroup
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++, output++) {
        for (let i = 0; i < inPerGroup; i++) {
          for (let ky = 0; ky < kernelHeight; ky++) {
            const atY = y * map.strides[0] + ky * map.dilations[0] - map.pads[0]
            if (atY < 0 || atY >= inHeight) continue
            for (let kx = 0; kx < kernelWidth; kx++) {
              const atX = x * map.strides[1] + kx * map.dilations[1] - map.pads[1]
              if (atX < 0 || atX >= inWidth) continue
              const weight = map.weight[((out * inPerGroup + i) * kernelHeight + ky) * kernelWidth + kx]
              visit(output, ((firstIn + i) * inHeight + atY) * inWidth + atX, weight)
            }
          }
        }
      }
    }
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

/** One bias per flattened output element. */
export function biasPerElement(bias: Float64Array, shape: Shape): Float64Array {
  const elements = shape[0] * shape[1] * shape[2]
  if (bias.length === elements) return bias
  return Float64Array.from({ length: elements }, (_, e) => bias[Math.floor(e / (shape[1] * shape[2]))])
}
