import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { foldIntoSquares } from '../../src-main/core/approximate/fold-into-squares.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { importModel } from '../models/compare.ts'
import { mnistSamples } from '../support/mnist-samples.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

const silent = { progress: () => undefined }
const tinySamples = Array.from({ length: 40 }, (_, k) => Float64Array.from({ length: 16 }, (__, i) => Math.sin(k + i)))
const lenet = new URL('../models/trained/mnist_lenet5_relu_maxpool.onnx', import.meta.url)

const largestDifference = (left: readonly Float64Array[], right: readonly Float64Array[]): number =>
  Math.max(...left.flatMap((row, i) => [...row].map((value, j) => Math.abs(value - right[i][j]))))

/** The model approximated, written, read and approximated again with the lowest degree: all the same function. */
async function expectSameAgain(
  model: LayerModel,
  samples: readonly Float64Array[],
  options: { degree: 2 | 4 | 8; splitPools?: boolean },
): Promise<void> {
  const polynomial = await approximate(model, samples, { ...options, refit: false }, silent)
  const outputs = runLayerBatch(polynomial, samples)
  const again = importModel(writeOnnx(polynomial))
  const scale = Math.max(...outputs.flatMap((row) => [...row].map(Math.abs)))
  expect(largestDifference(runLayerBatch(again, samples), outputs)).toBeLessThan(1e-4 * scale)
  expect(again.layers.flatMap((layer) => (layer.kind === 'activation' ? layer.activation.operator : []))).not.toContain(
    'Expression',
  )
  const twice = await approximate(again, samples, { degree: 2, refit: false }, silent)
  expect(largestDifference(runLayerBatch(twice, samples), outputs)).toBeLessThan(1e-4 * scale)
  const squares = foldIntoSquares(twice, samples)
  expect(largestDifference(runLayerBatch(squares, samples), outputs)).toBeLessThan(1e-3 * scale)
}

describe('what approximate writes', () => {
  it.each([2, 4, 8] as const)('is read, approximated and folded again at degree %s', async (degree) => {
    await expectSameAgain(importModel(tinyOnnx(['Relu', 'Tanh', 'Sigmoid'])), tinySamples, { degree })
  })

  it.each([false, true])('so are max-pools, taken apart: %s', async (splitPools) => {
    const model = importModel(readFileSync(lenet))
    await expectSameAgain(model, mnistSamples(0, 30), { degree: 2, splitPools })
  })
})
