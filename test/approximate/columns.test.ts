import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { foldBetweenRefreshes } from '../../src-main/core/approximate/fold-into-squares.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type {
  ActivationLayer,
  LayerModel,
  LinearLayer,
  LinearMap,
  Shape,
} from '../../src-main/core/network/layer-model.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { refreshedSkeletonOf } from '../../src-main/core/planner/skeleton.ts'
import type { RefreshedModel } from '../../src-main/core/network/square-model.ts'
import { fitLayers } from '../../src-main/core/approximate/fit-network.ts'
import { replacePools } from '../../src-main/core/network/contrasts.ts'
import { silent } from '../../src-main/core/progress.ts'
import { Judge } from '../../src-main/core/tune/judge.ts'
import { tune } from '../../src-main/core/tune/tune.ts'
import { conv, randomNumbers, randomVector } from './random-polynomial-model.ts'

const [HEIGHT, WIDTH] = [8, 8]
const random = randomNumbers(11)

/** Bands of very different sizes, as a spectrum has; the network evens them out. */
const sizes = (by: 'column' | 'row') =>
  Float64Array.from({ length: HEIGHT * WIDTH }, (_, i) => 3 ** -(by === 'column' ? i % WIDTH : Math.floor(i / WIDTH)))

const samplesOf = (by: 'column' | 'row') => {
  const size = sizes(by)
  return Array.from({ length: 220 }, () => randomVector(size.length, random).map((value, i) => value * size[i]))
}

const untuned = { degree: 4, tuningEpochs: 0 } as const

describe('polynomials by column or row', () => {
  for (const by of ['column', 'row'] as const) {
    it(`are fitted, and read again from their file, where each ${by} has a size of its own`, async () => {
      const samples = samplesOf(by)
      const [seen, others] = [samples.slice(0, 180), samples.slice(180)]
      const network = banded(by)
      const polynomial = await approximate(network, seen, untuned, silent)
      expect(polynomial.fitting?.by).toBe(by)
      const rows = polynomial.layers.flatMap((layer) =>
        layer.kind === 'polynomial' ? [layer.coefficients.length] : [],
      )
      expect(rows).toEqual([4 * 8, 4 * 8])
      const channels = await approximate(network, seen, { ...untuned, refit: false }, silent)
      const expected = runLayerBatch(network, others)
      const [own, shared] = [polynomial, channels].map((model) => errorOf(runLayerBatch(model, others), expected))
      expect(own).toBeLessThan(0.5 * shared)
      const outputs = runLayerBatch(polynomial, others)
      const read = runLayerBatch(normalise(readOnnx(writeOnnx(polynomial))), others)
      expect(errorOf(read, outputs)).toBeLessThan(1e-6 * errorOf(outputs, expected))
      const folded = wiringOf(foldBetweenRefreshes(polynomial, seen))
      expect(wiringOf(refreshedSkeletonOf(network, { degree: 4, by }))).toEqual(folded)
      expect(wiringOf(refreshedSkeletonOf(network, { degree: 4 }))).not.toEqual(folded)
    })
  }

  it('are tuned in their coefficients too, closer to the original on samples that it has not seen', async () => {
    const samples = samplesOf('column')
    const network = banded('column')
    const form = { eased: false, bounded: false, by: 'column' } as const
    const slots = replacePools(network, new Set())
    const fitted = await fitLayers(
      { slots, samples: samples.slice(0, 180), options: { degree: 2, refit: false }, form },
      () => {},
    )
    const start = withCurvatures(fitted, 0.6)
    const evidence = { samples: samples.slice(0, 180), unseen: samples.slice(180), movements: [] }
    const judge = new Judge(network, evidence)
    const tuned = await tune(network, start, { ...evidence, judge }, 30, silent)
    expect(judge.of(tuned).loss).toBeLessThan(0.9 * judge.of(start).loss)
    const curvatures = ({ layers }: PolynomialModel) =>
      layers.flatMap((layer) => (layer.kind === 'polynomial' ? layer.coefficients.map((row) => row[2]) : []))
    expect(curvatures(tuned)).toHaveLength(2 * 4 * 8)
    expect(curvatures(tuned)).not.toEqual(curvatures(start))
  })
})

/** Every polynomial less curved than it was fitted. */
const withCurvatures = (model: PolynomialModel, share: number): PolynomialModel => ({
  ...model,
  layers: model.layers.map((layer) =>
    layer.kind === 'polynomial'
      ? {
          ...layer,
          coefficients: layer.coefficients.map((row) => row.map((value, k) => (k === 2 ? share * value : value))),
        }
      : layer,
  ),
})

const wiringOf = ({ layers }: RefreshedModel) =>
  layers.map((layer) => [
    layer.kind,
    layer.id,
    layer.kind === 'linear' ? layer.terms.map(({ input, map }) => [input, map.kind]) : layer.input,
  ])

const errorOf = (outputs: readonly Float64Array[], expected: readonly Float64Array[]) =>
  expected.reduce((sum, row, i) => sum + row.reduce((s, value, j) => s + (outputs[i][j] - value) ** 2, 0), 0)

function banded(by: 'column' | 'row'): LayerModel {
  const size = sizes(by)
  const weight = randomVector(6 * 4 * size.length, random).map((value, i) => value / size[i % size.length])
  const shape = [4, HEIGHT, WIDTH] as const
  const linear = (id: string, input: string, out: Shape, map: LinearMap): LinearLayer => ({
    ...{ kind: 'linear', id, sources: [], shape: out },
    ...{ terms: [{ input, map }], bias: new Float64Array(out[0]) },
  })
  const relu = (id: string, input: string): ActivationLayer => ({
    ...{ kind: 'activation', id, sources: [], shape, input },
    activation: { operator: 'Relu', parameters: {} },
  })
  return {
    name: 'banded',
    input: { name: 'x', shape: [1, HEIGHT, WIDTH], onnxShape: [1, 1, HEIGHT, WIDTH], layout: 'nchw' },
    layers: [
      linear('conv1', INPUT, shape, conv(1, 4, 1, 1, 0, 1, random)),
      relu('relu1', 'conv1'),
      linear('conv2', 'relu1', shape, conv(4, 4, 1, 1, 0, 1, random)),
      relu('relu2', 'conv2'),
      linear('dense', 'relu2', [6, 1, 1], { kind: 'dense', weight }),
    ],
    output: 'dense',
    finish: 'none',
  }
}
