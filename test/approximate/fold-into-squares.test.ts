import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldIntoSquares } from '../../src-main/core/approximate/fold-into-squares.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { INPUT, sizeOf } from '../../src-main/core/network/layer-model.ts'
import { channelScale } from '../../src-main/core/network/linear-maps.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { largestInside, polynomialModels, randomNumbers, randomVector } from './random-polynomial-model.ts'

const samplesOf = (size: number, count = 12) => {
  const random = randomNumbers(7)
  return Array.from({ length: count }, () => randomVector(size, random))
}

/** Some random chains of powers leave the finite numbers by themselves. */
const hasRoom = (model: PolynomialModel, samples: readonly Float64Array[]) => largestInside(model, samples) < 1e100

/** A polynomial of the network's input, the same for each channel. */
const powerOfInput = (id: string, { input: { shape } }: PolynomialModel, coefficients: readonly number[]) => ({
  ...{ kind: 'polynomial' as const, id, sources: [], shape, input: INPUT },
  coefficients: Array.from({ length: shape[0] }, () => Float64Array.from(coefficients)),
  fit: {
    original: 'Relu',
    degree: coefficients.length - 1,
    rootMeanSquareError: 0,
    range: [0, 0] as const,
    rangeMargin: 1,
  },
})

describe('foldIntoSquares', () => {
  it('keeps the function of any network, residuals, padding and pooling included', () => {
    fc.assert(
      fc.property(polynomialModels, (model) => {
        const samples = samplesOf(sizeOf(model.input.shape))
        fc.pre(hasRoom(model, samples))
        const folded = foldIntoSquares(model, samples.slice(0, 8))
        const expected = runLayerBatch(model, samples)
        const actual = runLayerBatch(folded, samples)
        const scale = Math.max(1, ...expected.flatMap((values) => [...values].map(Math.abs)))
        expected.forEach((values, i) =>
          values.forEach((value, j) => expect(Math.abs(actual[i][j] - value)).toBeLessThan(1e-9 * scale)),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('leaves only linear layers and squarings, with squares of at most about 1', () => {
    fc.assert(
      fc.property(polynomialModels, (model) => {
        const samples = samplesOf(sizeOf(model.input.shape))
        fc.pre(hasRoom(model, samples))
        const folded = foldIntoSquares(model, samples)
        for (const layer of folded.layers) {
          expect(['linear', 'square']).toContain(layer.kind)
          if (layer.kind === 'square') expect(folded.bounds.get(layer.id)).toBeLessThanOrEqual(1 + 1e-9)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('says where a network leaves the finite numbers on a calibration sample', () => {
    const [model] = fc.sample(polynomialModels, { numRuns: 1, seed: 1 })
    const { shape } = model.input
    const terms = [{ input: 'large', map: channelScale(new Float64Array(shape[0]).fill(1e200)) }]
    const larger = {
      kind: 'linear' as const,
      id: 'larger',
      sources: [],
      shape,
      bias: new Float64Array(shape[0]),
      terms,
    }
    const growing = { ...model, layers: [powerOfInput('large', model, [0, 0, 1e200]), larger], output: 'larger' }
    const fold = (value: number) => () => foldIntoSquares(growing, [new Float64Array(sizeOf(shape)).fill(value)])
    expect(fold(1e-150)).not.toThrow()
    expect(fold(1)).toThrow(expect.objectContaining({ code: 'values-too-large', where: { layer: 'larger' } }))
  })

  it('names the layer whose degree two squarings cannot compute', () => {
    const [model] = fc.sample(polynomialModels, { numRuns: 1, seed: 1 })
    const [sample] = samplesOf(sizeOf(model.input.shape), 1)
    const cubic = { ...model, layers: [powerOfInput('cubic', model, [0, 0, 0, 1]), ...model.layers] }
    expect(() => foldIntoSquares(cubic, [sample])).toThrow(
      expect.objectContaining({ code: 'unsupported-degree', where: { layer: 'cubic' } }),
    )
  })
})
