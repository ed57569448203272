import { describe, expect, it } from 'vitest'
import { applyLinearMap } from '../../src-main/core/network/apply-linear-map.ts'
import { composeLinear, composeMaps } from '../../src-main/core/network/compose-linear.ts'
import type { ConvMap, LinearLayer, LinearMap, Shape } from '../../src-main/core/network/layer-model.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { toSparse } from '../../src-main/core/network/linear-maps.ts'
import { randomSample, relativeDifference } from '../models/compare.ts'

const conv = (
  [input, output, groups]: readonly [number, number, number],
  kernel: ConvMap['kernel'],
  strides: ConvMap['strides'],
  pads: ConvMap['pads'],
  dilations: ConvMap['dilations'] = [1, 1],
): ConvMap => {
  const weight = randomSample((output * input * kernel[0] * kernel[1]) / groups, output + kernel[0])
  return { kind: 'conv', weight, kernel, strides, pads, dilations, groups }
}

const outputOf = (map: ConvMap, [, height, width]: Shape, channels: number): Shape => {
  const along = (size: number, axis: 0 | 1): number => {
    const extent = (map.kernel[axis] - 1) * map.dilations[axis] + 1
    return Math.floor((size + map.pads[axis] + map.pads[axis + 2] - extent) / map.strides[axis]) + 1
  }
  return [channels, along(height, 0), along(width, 1)]
}

const dense = (input: Shape, output: Shape): LinearMap => ({
  kind: 'dense',
  weight: randomSample(sizeOf(input) * sizeOf(output), 5),
})

const input: Shape = [4, 9, 8]
const none = [0, 0, 0, 0] as const
const one = [1, 1] as const

const cases: readonly [string, ConvMap, Shape, LinearMap, Shape, LinearMap['kind']][] = (() => {
  const plain = conv([4, 6, 1], [3, 2], one, [1, 0, 1, 1])
  const middle = outputOf(plain, input, 6)
  const strided = conv([4, 6, 2], [3, 3], [2, 1], [1, 1, 1, 1])
  const stridedOut = outputOf(strided, input, 6)
  const pointwise = conv([4, 4, 4], [1, 1], one, [1, 2, 0, 1])
  const framed = outputOf(pointwise, input, 4)
  const next = (map: ConvMap, from: Shape, channels: number) => [map, outputOf(map, from, channels)] as const
  const pool = next(conv([6, 6, 6], [2, 2], [2, 2], none), middle, 6)
  const wide = next(conv([6, 4, 2], [3, 3], [1, 2], none, [1, 2]), stridedOut, 4)
  const padded = next(conv([4, 5, 1], [3, 3], one, [1, 1, 1, 1]), framed, 5)
  const borders = next(conv([6, 3, 3], [3, 3], one, [1, 1, 1, 1]), middle, 3)
  const sparseAfter = toSparse(pool[0], middle, pool[1])
  return [
    ['convolution, then pooling', plain, middle, ...pool, 'conv'],
    ['strides, groups and dilations', strided, stridedOut, ...wide, 'conv'],
    ['a frame of zeros, then padding', pointwise, framed, ...padded, 'conv'],
    ['padding between two convolutions', plain, middle, ...borders, 'sparse'],
    ['convolution, then dense', plain, middle, dense(middle, [7, 1, 1]), [7, 1, 1], 'dense'],
    ['convolution, then sparse', plain, middle, sparseAfter, pool[1], 'sparse'],
  ]
})()

describe('composeMaps', () => {
  it.each(cases)('%s', (_, first, middle, second, output, kind) => {
    const product = composeMaps(first, second, { input, middle, output })
    const x = randomSample(sizeOf(input), 11)
    const apart = applyLinearMap(second, middle, output, applyLinearMap(first, input, middle, x))
    expect(product.kind).toBe(kind)
    expect(relativeDifference(applyLinearMap(product, input, output, x), apart)).toBeLessThan(1e-12)
  })
})

describe('composeLinear', () => {
  it('carries biases through padding, and adds terms that read the same layer', () => {
    const shapes: Record<string, Shape> = { x: [2, 5, 5], y: [3, 5, 5], z: [2, 5, 5] }
    const shapeOf = (id: string): Shape => shapes[id]
    const into = conv([2, 3, 1], [3, 3], one, [1, 1, 1, 1])
    const out = conv([3, 2, 1], [3, 3], one, [1, 1, 1, 1])
    const base = { kind: 'linear', sources: [] } as const
    const y: LinearLayer = {
      ...base,
      id: 'y',
      shape: [3, 5, 5],
      terms: [{ input: 'x', map: into }],
      bias: randomSample(3, 1),
    }
    const direct = conv([2, 2, 2], [1, 1], one, none)
    const terms = [
      { input: 'y', map: out },
      { input: 'x', map: direct },
    ]
    const z: LinearLayer = { ...base, id: 'z', shape: [2, 5, 5], terms, bias: randomSample(2, 2) }
    const fused = composeLinear(y, z, shapeOf)
    const run = (layer: LinearLayer, values: Record<string, Float64Array>): Float64Array => {
      const run_ = 25
      const sum = Float64Array.from({ length: sizeOf(layer.shape) }, (_, index) =>
        layer.bias.length === layer.shape[0] ? layer.bias[Math.floor(index / run_)] : layer.bias[index],
      )
      for (const { input, map } of layer.terms) applyLinearMap(map, shapeOf(input), layer.shape, values[input], 1, sum)
      return sum
    }
    const x = randomSample(50, 3)
    expect(fused.terms.map(({ input }) => input)).toEqual(['x'])
    expect(fused.bias.length).toBe(50)
    expect(relativeDifference(run(fused, { x }), run(z, { x, y: run(y, { x }) }))).toBeLessThan(1e-12)
  })
})
