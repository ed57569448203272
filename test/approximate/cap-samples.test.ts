import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  affordableSamples,
  capSamples,
  fittableSamples,
  usefulSamples,
} from '../../src-main/core/approximate/cap-samples.ts'
import { replacePools } from '../../src-main/core/network/contrasts.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

describe('capSamples', () => {
  const lenet = replacePools(
    normalise(readOnnx(new Uint8Array(readFileSync(new URL('../../assets/lenet5.onnx', import.meta.url))))),
  )

  it('keeps all samples where they fit', () => {
    const samples = mnistSamples(0, 20)
    expect(capSamples(lenet, samples, silent)).toBe(samples)
  })

  it('thins them evenly, with a warning, where their values would not fit', () => {
    const events: ProgressEvent[] = []
    const samples = mnistSamples(0, 20)
    // At its first activation LeNet-5 has 6 × 28 × 28 values and those it reads, twice over for both networks.
    const kept = capSamples(lenet, samples, { progress: (event) => events.push(event) }, 2e6)
    expect(kept.length).toBeGreaterThan(5)
    expect(kept.length).toBeLessThan(15)
    expect(kept.every((sample) => samples.includes(sample))).toBe(true)
    expect(new Set(kept).size).toBe(kept.length)
    expect(events).toEqual([expect.objectContaining({ kind: 'warning' })])
  })

  it('leaves tuning more samples than fit in memory layer by layer, but where each takes too long', () => {
    const model = normalise(
      readOnnx(new Uint8Array(readFileSync(new URL('../../assets/lenet5.onnx', import.meta.url)))),
    )
    expect(usefulSamples(model)).toBeGreaterThan(50_000)
    const map = {
      kind: 'conv',
      weight: new Float64Array(25).fill(1),
      kernel: [5, 5],
      strides: [1, 1],
      dilations: [1, 1],
      pads: [2, 2, 2, 2],
      groups: 1,
    } as const
    const shape = [1, 1000, 1000] as const
    const slow: LayerModel = {
      ...model,
      input: { ...model.input, shape },
      layers: [
        {
          kind: 'linear',
          id: 'filtered',
          sources: [],
          shape,
          terms: [{ input: INPUT, map }],
          bias: new Float64Array(1),
        },
      ],
      output: 'filtered',
    }
    const epochs = 4
    expect(usefulSamples(slow)).toBe(3e13 / (4 * epochs * 25e6))
    expect(usefulSamples(slow)).toBeGreaterThan(fittableSamples(slow))
  })

  it('counts pictures and their values, so that large pictures are fewer', () => {
    const { name, layers, finish } = lenet
    const [first] = layers
    if (first.kind !== 'linear') throw new Error('LeNet-5 begins with a convolution')
    const input = { name: 'x', shape: [3, 224, 224], onnxShape: [1, 3, 224, 224], layout: 'nchw' } as const
    const map = { kind: 'dense', weight: new Float64Array(0) } as const
    const layer = { ...first, shape: [8, 56, 56], terms: [{ input: INPUT, map }] } as const
    const most = affordableSamples({ name, finish, input, layers: [layer], output: first.id })
    // Both networks have the layer's values before and after refitting.
    const bytes = 8 * (3 * 224 * 224 + 4 * 8 * 56 * 56)
    expect(most * bytes).toBeLessThan(2 ** 30)
    expect(most).toBeGreaterThan(200)
  })
})
