import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { activationFunction } from '../../src-main/core/network/activations.ts'
import { erf } from '../../src-main/core/network/erf.ts'
import { applyFinish } from '../../src-main/core/network/finish.ts'
import { INPUT, sizeOf, type LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch, runLayers } from '../../src-main/core/network/run-layers.ts'
import { importModel, randomSample, relativeDifference } from '../models/compare.ts'

const model = importModel(readFileSync(new URL('../models/trained/mnist_mixed_activations.onnx', import.meta.url)))

describe('runLayerBatch', () => {
  const samples = Array.from({ length: 37 }, (_, seed) => randomSample(sizeOf(model.input.shape), seed))

  it('gives what runLayers gives for each sample', () => {
    const batch = runLayerBatch(model, samples)
    expect(batch.length).toBe(samples.length)
    samples.forEach((sample, index) => {
      expect(relativeDifference(batch[index], runLayers(model, sample))).toBeLessThan(1e-12)
    })
  })

  it('shows every layer of every sample to the observer', () => {
    const seen = new Map<string, number>()
    const outputs = runLayerBatch(model, samples, (layer, values, first) => {
      seen.set(layer.id, (seen.get(layer.id) ?? 0) + values.length)
      expect(values[0].length).toBe(sizeOf(layer.shape))
      if (layer.id === model.output) expect(values.length).toBe(Math.min(16, samples.length - first))
    })
    expect([...seen.values()]).toEqual(model.layers.map(() => samples.length))
    expect(outputs[36].length).toBe(10)
  })
})

describe('activations', () => {
  it('knows the error function to the last digits', () => {
    // Abramowitz and Stegun, table 7.1.
    const table = [
      [0.5, 0.5204998778],
      [1, 0.8427007929],
      [2, 0.995322265],
      [3, 0.9999779095],
    ] as const
    for (const [x, value] of table) {
      expect(erf(x)).toBeCloseTo(value, 10)
      expect(erf(-x)).toBe(-erf(x))
    }
    expect(erf(2.4999999)).toBeCloseTo(erf(2.5000001), 7)
  })

  it('takes a slope per channel', () => {
    const prelu = { operator: 'PRelu', parameters: { slope: Float64Array.of(0.1, 0.2) } }
    expect(activationFunction(prelu, 0)(-1)).toBeCloseTo(-0.1)
    expect(activationFunction(prelu, 1)(-1)).toBeCloseTo(-0.2)
  })
})

describe('applyFinish', () => {
  it('keeps the largest score the largest, without overflow', () => {
    const scores = Float64Array.of(1000, -5, 999)
    expect(applyFinish('softmax', scores)[0]).toBeCloseTo(1 / (1 + Math.exp(-1)))
    expect(applyFinish('log-softmax', scores)[2]).toBeCloseTo(-1 - Math.log(1 + Math.exp(-1)))
    expect([...applyFinish('argmax', scores)]).toEqual([0])
    expect(applyFinish('sigmoid', Float64Array.of(0))[0]).toBe(0.5)
    expect(applyFinish('none', scores)).toBe(scores)
  })
})

describe('a max-pool window that lies wholly on padding', () => {
  it('gives the lowest float, as ONNX Runtime does', () => {
    const model: LayerModel = {
      name: 'padding',
      input: { name: 'x', shape: [1, 1, 1], onnxShape: [1, 1, 1, 1], layout: 'nchw' },
      layers: [
        {
          ...{ kind: 'max-pool', id: 'pool', sources: ['pool'], shape: [1, 1, 1], input: INPUT },
          ...{ kernel: [2, 1], strides: [1, 1], dilations: [2, 1], pads: [1, 0, 1, 0] },
        },
      ],
      output: 'pool',
      finish: 'none',
    }
    // Taps at rows −1 and 1 of an image of one row.
    expect([...runLayers(model, Float64Array.of(0.5))]).toEqual([-3.4028234663852886e38])
  })
})
