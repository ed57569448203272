import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldIntoSquares } from '../../src-main/core/approximate/fold-into-squares.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { largestInside, polynomialModels, randomNumbers, randomVector } from './random-polynomial-model.ts'

const samplesOf = (size: number, count = 12) => {
  const random = randomNumbers(7)
  return Array.from({ length: count }, () => randomVector(size, random))
}

/** Some random chains of powers leave the finite numbers by themselves. */
const hasRoom = (model: PolynomialModel, samples: readonly Float64Array[]) => largestInside(model, samples) < 1e100

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

  it('names the layer whose degree two squarings cannot compute', () => {
    const [model] = fc.sample(polynomialModels, { numRuns: 1, seed: 1 })
    const [sample] = samplesOf(sizeOf(model.input.shape), 1)
    const cubic = {
      ...model,
      layers: [
        {
          kind: 'polynomial' as const,
          id: 'cubic',
          sources: [],
          shape: model.input.shape,
          input: 'input',
          coefficients: Array.from({ length: model.input.shape[0] }, () => Float64Array.of(0, 0, 0, 1)),
          fit: { original: 'Relu', degree: 3, rootMeanSquareError: 0, range: [0, 0] as const, rangeMargin: 1 },
        },
        ...model.layers,
      ],
    }
    expect(() => foldIntoSquares(cubic, [sample])).toThrow(
      expect.objectContaining({ code: 'unsupported-degree', where: { layer: 'cubic' } }),
    )
  })
})
