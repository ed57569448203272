import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INPUT, sizeOf } from '../../src-main/core/network/layer-model.ts'
import type { ConvMap, LayerModel, LinearLayer } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { applyLinear } from '../../src-main/core/tune/apply-linear.ts'
import { Arena } from '../../src-main/core/tune/arena.ts'
import { Network } from '../../src-main/core/tune/network.ts'
import { compileTuning } from '../../scripts/build-tuning.ts'
import { tuningBase64 } from '../../src-main/core/tune/wasm-bytes.ts'
import { largestInside, polynomialModels, randomNumbers, randomVector } from '../approximate/random-polynomial-model.ts'

const SAMPLES = 8

const samplesOf = (size: number, count = SAMPLES) => {
  const random = randomNumbers(7)
  return Array.from({ length: count }, () => randomVector(size, random))
}

const largestOf = (values: ArrayLike<number>) => Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0)

describe('the network in single precision', () => {
  it('is what its sources compile to', async () => {
    expect(await compileTuning()).toContain(tuningBase64)
  })

  it('keeps what its kernels pack below the blocks of an arena', () => {
    const arena = new Arena()
    const { at } = arena.block(4)
    expect((arena.open() as unknown as { ownEnd: () => number }).ownEnd()).toBeLessThanOrEqual(at)
  })

  it('gives what the exact evaluator gives', () => {
    fc.assert(
      fc.property(polynomialModels, (model) => {
        const samples = samplesOf(sizeOf(model.input.shape), 5)
        const scale = Math.max(1, largestInside(model, samples))
        fc.pre(scale < 1e4)
        const expected = runLayerBatch(model, samples)
        const outputs = new Network(model, SAMPLES, false).forward(samples)
        expected.forEach((row, s) =>
          row.forEach((value, j) => expect(Math.abs(outputs[j * SAMPLES + s] - value)).toBeLessThan(1e-4 * scale)),
        )
      }),
      { numRuns: 150 },
    )
  })

  it('applies single layers as the exact evaluator does, for any number of samples', () => {
    fc.assert(
      fc.property(polynomialModels, fc.integer({ min: 1, max: 35 }), (model, count) => {
        const layer = model.layers.find((one) => one.kind === 'linear')
        fc.pre(layer !== undefined && layer.terms.every(({ input }) => input === 'input'))
        const samples = samplesOf(sizeOf(model.input.shape), count)
        const shapes = new Map([['input', model.input.shape]])
        const actual = applyLinear(layer!, shapes, new Map([['input', samples]]))
        const expected = runLayerBatch({ ...model, layers: [layer!], output: layer!.id }, samples)
        expect(actual).toHaveLength(count)
        expected.forEach((row, s) => row.forEach((value, j) => expect(actual[s][j]).toBeCloseTo(value, 4)))
      }),
      { numRuns: 60 },
    )
  })

  it('gives the same with polynomials whose coefficients are free, and hands back what it began with', () => {
    fc.assert(
      fc.property(polynomialModels, (model) => {
        const samples = samplesOf(sizeOf(model.input.shape))
        fc.pre(largestInside(model, samples) < 50)
        const network = new Network(model, SAMPLES, true)
        const before = Float32Array.from(network.forward(samples))
        const fixed = network.parameters.length
        network.freePolynomials()
        const free = model.layers.filter(
          (layer) => layer.kind === 'polynomial' && [3, 5].includes(layer.coefficients[0].length),
        )
        expect(network.parameters.length).toBe(fixed + free.length)
        const scale = 1 + largestOf(before)
        network.forward(samples).forEach((value, i) => expect(Math.abs(value - before[i])).toBeLessThan(1e-2 * scale))
        const outputs = runLayerBatch(network.withParameters(model), samples)
        outputs.forEach((row, s) =>
          row.forEach((value, j) => expect(Math.abs(value - before[j * SAMPLES + s])).toBeLessThan(1e-2 * scale)),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('finds the gradient of any weight and bias', () => {
    fc.assert(
      fc.property(polynomialModels, fc.nat(), (model, pick) => {
        const samples = samplesOf(sizeOf(model.input.shape))
        fc.pre(largestInside(model, samples) < 50)
        const network = new Network(model, SAMPLES, true)
        fc.pre(network.parameters.length > 0)
        const weights = Float32Array.from(network.forward(samples), (_, i) => Math.cos(i))
        // Sums in double precision: the quotient below takes small differences of them.
        const loss = () => network.forward(samples).reduce((sum, value, i) => sum + value * weights[i], 0)
        loss()
        network.backward(weights)
        const { values, gradient, lanes } = network.parameters[pick % network.parameters.length]
        const i = pick % values.length
        const slope = gradient.subarray(i * lanes, (i + 1) * lanes).reduce((sum, value) => sum + value, 0)
        const [value, h] = [values[i], 1 / 64]
        values[i] = value + h
        const above = loss()
        values[i] = value - h
        const below = loss()
        values[i] = value + h / 2
        const nearAbove = loss()
        values[i] = value - h / 2
        const nearBelow = loss()
        // Richardson's extrapolation: the loss is a polynomial in the weight.
        const quotient = (4 * (nearAbove - nearBelow)) / (3 * h) - (above - below) / (6 * h)
        expect(Math.abs(quotient - slope)).toBeLessThan(0.02 * Math.max(1, Math.abs(slope)))
      }),
      { numRuns: 150 },
    )
  })

  it('finds the gradients of layers that are wider than what its kernels pack at once', () => {
    const random = randomNumbers(3)
    const convolution = (
      id: string,
      input: string,
      [from, to]: readonly [number, number],
      size: number,
    ): LinearLayer => {
      const pad = (size - 1) / 2
      const weight = randomVector(to * from * size * size, random)
      const one = { strides: [1, 1], dilations: [1, 1], groups: 1 } as const
      const map: ConvMap = { kind: 'conv', weight, kernel: [size, size], pads: [pad, pad, pad, pad], ...one }
      return { kind: 'linear', id, sources: [], shape: [to, 3, 5], terms: [{ input, map }], bias: new Float64Array(to) }
    }
    const layers = [convolution('wide', INPUT, [30, 70], 3), convolution('out', 'wide', [70, 133], 1)]
    const input = { name: 'x', shape: [30, 3, 5], onnxShape: [1, 30, 3, 5], layout: 'nchw' } as const
    const model: LayerModel = { name: 'wide', input, layers, output: 'out', finish: 'none' }
    const samples = samplesOf(30 * 15)
    const network = new Network(model, SAMPLES, true)
    const outputs = network.forward(samples)
    runLayerBatch(model, samples).forEach((row, s) =>
      row.forEach((value, j) => expect(Math.abs(outputs[j * SAMPLES + s] - value)).toBeLessThan(0.01)),
    )
    const slopes = outputs.map((_, i) => Math.cos(i))
    const loss = () => network.forward(samples).reduce((sum, value, i) => sum + value * slopes[i], 0)
    network.backward(slopes)
    for (const { values, gradient, lanes } of network.parameters) {
      for (const i of [0, Math.floor(values.length / 3), values.length - 1]) {
        const slope = gradient.subarray(i * lanes, (i + 1) * lanes).reduce((sum, value) => sum + value, 0)
        const value = values[i]
        values[i] = value + 1
        const above = loss()
        values[i] = value - 1
        expect(Math.abs((above - loss()) / 2 - slope)).toBeLessThan(1e-3 * Math.max(30, Math.abs(slope)))
        values[i] = value
      }
    }
  })
})
