import { describe, expect, it } from 'vitest'
import { distort, withDistortions } from '../../src-main/core/tune/distort.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel, Shape } from '../../src-main/core/network/layer-model.ts'
import { isHeldOut } from '../../src-main/core/numeric/held-out.ts'

const gentle = ['turn', 'zoom', 'slant', 'shift rows', 'shift columns'] as const

const network = (shape: Shape, weights = 1): LayerModel => ({
  name: 'flat',
  input: { name: 'x', shape, onnxShape: [1, ...shape], layout: 'nchw' },
  layers: [
    {
      kind: 'linear',
      id: 'sum',
      sources: [],
      shape: [weights, 1, 1],
      terms: [
        {
          input: INPUT,
          map: { kind: 'dense', weight: new Float64Array(weights * shape[0] * shape[1] * shape[2]).fill(1) },
        },
      ],
      bias: new Float64Array(weights),
    },
  ],
  output: 'sum',
  finish: 'none',
})

/** Constant images, so that a copy is known by its value: an affine distortion keeps constants. */
const constants = (count: number, size: number) =>
  Array.from({ length: count }, (_, i) => new Float64Array(size).fill(i))

describe('withDistortions', () => {
  it.each([20, 23])('puts each copy of %i samples on its sample’s side of the held-out split', (count) => {
    const shape: Shape = [1, 8, 8]
    const all = withDistortions(network(shape), constants(count, 64), gentle)
    expect(all.length).toBeGreaterThanOrEqual(2 * count - 4)
    all.forEach((sample, index) => expect(isHeldOut(Math.round(sample[0]))).toBe(isHeldOut(index)))
  })

  it('copies samples from first to last, on their sides of the split, where not all copies may be made', () => {
    const all = withDistortions(network([1, 8, 8]), constants(103, 64), gentle, 130)
    expect(all).toHaveLength(130)
    all.forEach((sample, index) => expect(isHeldOut(Math.round(sample[0]))).toBe(isHeldOut(index)))
    const copied = all.slice(103).map(([value]) => Math.round(value))
    expect(copied[0]).toBeLessThan(8)
    expect(copied.at(-1)).toBeGreaterThan(92)
    expect(new Set(copied).size).toBe(27)
    expect(withDistortions(network([1, 8, 8]), constants(103, 64), gentle, 103)).toHaveLength(103)
  })

  it('moves an image a little, channels alike', () => {
    const shape: Shape = [2, 16, 16]
    const image = Float64Array.from({ length: 512 }, (_, i) => Math.sin((i % 256) / 3) + Math.floor(i / 256))
    const copy = withDistortions(network(shape), new Array<Float64Array>(5).fill(image), gentle)[5]
    expect(copy).not.toEqual(image)
    expect(copy.every(Number.isFinite)).toBe(true)
    expect(Math.max(...copy)).toBeLessThanOrEqual(Math.max(...image))
    const [first, second] = [copy.subarray(0, 256), copy.subarray(256)]
    second.forEach((value, i) => expect(value - first[i]).toBeCloseTo(1, 10))
  })

  it('moves only as it is told', () => {
    const shape: Shape = [1, 12, 12]
    const stripes = Float64Array.from({ length: 144 }, (_, i) => Math.floor(i / 12) % 3)
    expect(distort(stripes, shape, 1, ['shift columns'])).toEqual(stripes)
    expect(distort(stripes, shape, 1, ['shift rows'])).not.toEqual(stripes)
  })

  it('leaves samples that nothing may move, and networks that would take minutes, alone', () => {
    const signals = constants(3, 96)
    expect(withDistortions(network([1, 1, 96]), signals, ['mirror'])).toBe(signals)
    const image = new Float64Array(64 * 64)
    const many = new Array<Float64Array>(2500).fill(image)
    expect(withDistortions(network([1, 64, 64], 300), many, gentle)).toBe(many)
  })
})
