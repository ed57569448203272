import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { largestOf } from '../../src-main/core/approximate/points.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { centrePolynomials } from '../../src-main/core/tune/centre.ts'
import { largestInside, polynomialModels, randomNumbers, randomVector } from '../approximate/random-polynomial-model.ts'

const random = randomNumbers(5)
const samples = Array.from({ length: 20 }, () => randomVector(2 * 6 * 6, random))

describe('centred polynomials', () => {
  it('make the same function of any network', () => {
    fc.assert(
      fc.property(polynomialModels, (model) => {
        expect(sizeOf(model.input.shape)).toBe(samples[0].length)
        const expected = runLayerBatch(model, samples)
        fc.pre(largestInside(model, samples) < 1e4)
        const largest = largestOf(expected)
        runLayerBatch(centrePolynomials(model, samples), samples).forEach((output, s) =>
          output.forEach((value, i) =>
            expect(Math.abs(value - expected[s][i])).toBeLessThanOrEqual(1e-4 * (1 + largest)),
          ),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('are 0 on average where only linear layers read them', () => {
    fc.assert(
      fc.property(polynomialModels, (model) => {
        fc.pre(largestInside(model, samples) < 1e4)
        const centred = centrePolynomials(model, samples)
        runLayerBatch(centred, samples, (layer, outputs) => {
          const readers = model.layers.filter((other) => other.kind === 'polynomial' && other.input === layer.id)
          if (layer.kind !== 'polynomial' || layer.id === model.output || readers.length > 0) return
          means.set(layer.id, [...(means.get(layer.id) ?? []), ...outputs])
        })
        for (const outputs of means.values()) {
          const total = outputs.reduce((sum, output) => sum + output.reduce((s, value) => s + value, 0), 0)
          expect(Math.abs(total / outputs.length / outputs[0].length)).toBeLessThan(1e-4 * (1 + largestOf(outputs)))
        }
        means.clear()
      }),
      { numRuns: 40 },
    )
  })
})

const means = new Map<string, readonly Float64Array[]>()
