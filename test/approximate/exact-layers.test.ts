import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import type { Degrees } from '../../src-main/core/approximate/options.ts'
import { foldBetweenRefreshes, foldIntoSquares } from '../../src-main/core/approximate/fold-into-squares.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { activationNames } from '../../src-main/core/network/activation-table.ts'
import type { ActivationLayer, LayerModel } from '../../src-main/core/network/layer-model.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

const largestDifference = (left: readonly Float64Array[], right: readonly Float64Array[]) =>
  Math.max(...left.flatMap((row, i) => [...row].map((value, j) => Math.abs(value - right[i][j]))))

const networks = ['../../assets/lenet5.onnx', '../models/trained/mnist_lenet5_relu_maxpool.onnx']

describe('exact layers', () => {
  it.each(networks)('leave %s what it was where all are exact', async (file) => {
    const model = normalise(readOnnx(new Uint8Array(readFileSync(new URL(file, import.meta.url)))))
    const samples = mnistSamples(0, 40)
    const nonlinear = model.layers.filter(({ kind }) => kind !== 'linear')
    const degrees: Degrees = new Map(nonlinear.map(({ id }) => [id, 'exact']))
    const kept = await approximate(model, samples, { degree: 2, degrees }, silent)
    const expected = runLayerBatch(model, samples)
    expect(largestDifference(runLayerBatch(kept, samples), expected)).toBeLessThan(1e-9)
    const reference = await openReference(writeOnnx(kept))
    expect(largestDifference(await reference.runBatch(samples), expected)).toBeLessThan(1e-3)
    await reference.close()
    expect(() => foldIntoSquares(kept, samples)).toThrow(expect.objectContaining({ code: 'needs-refresh' }))
  })

  it('are folded around: polynomials become squarings, the exact ones read true values', async () => {
    const model = normalise(readOnnx(new Uint8Array(readFileSync(new URL(networks[0], import.meta.url)))))
    const samples = mnistSamples(0, 30)
    const exact = model.layers.filter(({ kind }) => kind === 'activation')[2] as ActivationLayer
    const mixed = await approximate(
      model,
      samples,
      { degree: 2, refit: false, degrees: new Map([[exact.id, 'exact']]) },
      silent,
    )
    expect(mixed.layers.filter(({ kind }) => kind === 'activation').map(({ id }) => id)).toEqual([exact.id])
    const folded = foldBetweenRefreshes(mixed, samples)
    expect(folded.layers.filter(({ kind }) => kind === 'square')).toHaveLength(3)
    expect(largestDifference(runLayerBatch(folded, samples), runLayerBatch(mixed, samples))).toBeLessThan(1e-6)
  })

  it.each(activationNames)('are written to ONNX: %s', async (operator) => {
    const parameters = {
      alpha: 0.7,
      beta: 0.4,
      gamma: 1.1,
      slope: Float64Array.of(0.1, -0.2),
      min: -1,
      max: 1.5,
      tanh: 1,
    }
    const used = usedBy[operator] ?? []
    const activation = { operator, parameters: Object.fromEntries(used.map((name) => [name, parameters[name]])) }
    const shape = [2, 3, 1] as const
    const model: LayerModel = {
      name: 'one activation',
      input: { name: 'x', shape, onnxShape: [1, 2, 3, 1], layout: 'nchw' },
      layers: [{ kind: 'activation', id: 'a', sources: [], shape, input: INPUT, activation }],
      output: 'a',
      finish: 'none',
    }
    const samples = [Float64Array.of(-3, -0.6, 0.2, 0.9, 1.7, 4), Float64Array.of(0, 0.5, -0.1, -2, 2.5, -9)]
    const reference = await openReference(writeOnnx({ ...model, layers: [model.layers[0] as ActivationLayer] }))
    expect(largestDifference(await reference.runBatch(samples), runLayerBatch(model, samples))).toBeLessThan(1e-5)
    await reference.close()
  })
})

const usedBy: Record<string, ('alpha' | 'beta' | 'gamma' | 'slope' | 'min' | 'max' | 'tanh')[]> = {
  LeakyRelu: ['alpha'],
  PRelu: ['slope'],
  Elu: ['alpha'],
  Celu: ['alpha'],
  Selu: ['alpha', 'gamma'],
  HardSigmoid: ['alpha', 'beta'],
  Swish: ['alpha'],
  Clip: ['min', 'max'],
  Gelu: ['tanh'],
  ThresholdedRelu: ['alpha'],
}
