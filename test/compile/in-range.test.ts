import { expect, it } from 'vitest'
import { inRange } from '../../src-main/core/compile/in-range.ts'
import { INPUT, type LayerModel } from '../../src-main/core/network/layer-model.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { silent } from '../../src-main/core/progress.ts'

/** One value in, one out: ReLU, and x² in its place. */
const base = {
  name: 'one',
  input: { name: 'x', shape: [1, 1, 1], onnxShape: [1, 1], layout: 'nchw' },
  output: 'relu',
  finish: 'none',
} as const
const layer = { id: 'relu', sources: [], shape: [1, 1, 1], input: INPUT } as const
const original: LayerModel = {
  ...base,
  layers: [{ ...layer, kind: 'activation', activation: { operator: 'Relu', parameters: {} } }],
}
const polynomial: PolynomialModel = {
  ...base,
  layers: [
    {
      ...layer,
      kind: 'polynomial',
      coefficients: [Float64Array.of(0, 0, 1)],
      fit: { original: 'Relu', degree: 2, rootMeanSquareError: 0, range: [-1, 1], rangeMargin: 1 },
    },
  ],
}
/** Up to 1, and so many at −5, where the original gives 0 and the square 25. */
const samples = (far: number) => Array.from({ length: 100 }, (_, i) => Float64Array.of(i < far ? -5 : (i + 1) / 100))

it('plans without the few samples whose outputs leave ten times the range, and says so', () => {
  const told: string[] = []
  const work = { ...silent, progress: (event: object) => void told.push(JSON.stringify(event)) }
  const planned = (some: readonly Float64Array[]) =>
    inRange(runLayerBatch(original, some), polynomial, some, work).samples
  expect(planned(samples(2))).toEqual(samples(2).slice(2))
  expect(told.join()).toMatch(/On 2 of 100 calibration samples .* may decrypt to noise/)
  told.length = 0
  expect(planned(samples(0))).toEqual(samples(0))
  // More than a few say that the network is no good, not the samples.
  expect(planned(samples(3))).toEqual(samples(3))
  expect(told).toEqual([])
})
