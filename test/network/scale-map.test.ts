import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel, LinearLayer, Shape } from '../../src-main/core/network/layer-model.ts'
import { canScaleElements } from '../../src-main/core/network/scale-map.ts'

/** Two pointwise convolutions with a ReLU between them. */
function pointwise(channels: number, side: number): LayerModel {
  const shape: Shape = [channels, side, side]
  const conv = (id: string, input: string): LinearLayer => ({
    ...{ kind: 'linear', id, sources: [], shape, bias: new Float64Array(channels) },
    terms: [
      {
        input,
        map: {
          ...{ kind: 'conv', kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 },
          weight: new Float64Array(channels * channels).fill(1),
        },
      },
    ],
  })
  return {
    name: 'pointwise',
    input: { name: 'x', shape, onnxShape: [1, ...shape], layout: 'nchw' },
    layers: [
      conv('first', INPUT),
      {
        kind: 'activation',
        id: 'relu',
        sources: [],
        shape,
        input: 'first',
        activation: { operator: 'Relu', parameters: {} },
      },
      conv('second', 'relu'),
    ],
    output: 'second',
    finish: 'none',
  }
}

describe('canScaleElements', () => {
  it('refuses convolutions behind activations that are too large to be written out', () => {
    expect(canScaleElements(pointwise(32, 20))).toBe(true)
    // 256² · 64² products are eight times as many as a map may have.
    expect(canScaleElements(pointwise(256, 64))).toBe(false)
  })

  it('does not mind what reads no activation', () => {
    const large = pointwise(256, 64)
    expect(canScaleElements({ ...large, layers: large.layers.slice(0, 2), output: 'relu' })).toBe(true)
  })
})
