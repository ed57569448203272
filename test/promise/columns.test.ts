import { it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LinearLayer, LinearMap, Shape } from '../../src-main/core/network/layer-model.ts'
import type { PolynomialLayer, PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { conv, randomNumbers, randomVector } from '../approximate/random-polynomial-model.ts'
import { expectPolynomialPromise } from './promise.ts'

/** Where columns have polynomials of their own, the maps behind are convolutions whose weights differ by place. */
it('keeps polynomials that differ by column or row, of degrees 2 and 4, with strides and zero padding behind them', async () => {
  const random = randomNumbers(7)
  const model = columnModel(random)
  const samples = Array.from({ length: 12 }, () => randomVector(2 * 8 * 4, random))
  await expectPolynomialPromise(model, { calibration: samples, samples: samples.slice(0, 1) })
})

function columnModel(random: () => number): PolynomialModel {
  const linear = (id: string, shape: Shape, input: string, map: LinearMap): LinearLayer => ({
    ...{ kind: 'linear', id, sources: [], shape },
    ...{ terms: [{ input, map }], bias: randomVector(shape[0], random) },
  })
  const polynomial = (id: string, shape: Shape, input: string, degree: number, by: 'column' | 'row') => {
    const rows = shape[0] * (by === 'column' ? shape[2] : shape[1])
    const coefficients = Array.from({ length: rows }, () => {
      const row = randomVector(degree + 1, random)
      row[degree] = Math.sign(row[degree]) * (0.2 + 0.2 * Math.abs(row[degree]))
      return row
    })
    const fit = { original: 'Relu', degree, rootMeanSquareError: 0, range: [0, 0] as const, rangeMargin: 1 }
    return { kind: 'polynomial', id, sources: [], shape, input, by, coefficients, fit } satisfies PolynomialLayer
  }
  return {
    name: 'columns',
    input: { name: 'x', shape: [2, 8, 4], onnxShape: [1, 2, 8, 4], layout: 'nchw' },
    layers: [
      linear('first', [4, 8, 4], INPUT, conv(2, 4, 3, 1, 1, 1, random)),
      polynomial('quadratic', [4, 8, 4], 'first', 2, 'column'),
      linear('depthwise', [4, 4, 2], 'quadratic', conv(4, 4, 3, 2, 1, 4, random)),
      polynomial('quartic', [4, 4, 2], 'depthwise', 4, 'row'),
      linear('scores', [3, 1, 1], 'quartic', { kind: 'dense', weight: randomVector(3 * 4 * 8, random) }),
    ],
    output: 'scores',
    finish: 'none',
  }
}
