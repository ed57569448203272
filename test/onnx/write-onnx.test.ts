import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldIntoSquares } from '../../src-main/core/approximate/fold-into-squares.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { classNamesIn } from '../../src-main/core/onnx/class-names.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { expectSameInOnnxRuntime } from '../support/same-in-onnx-runtime.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { largestInside, polynomialModels, randomNumbers, randomVector } from '../approximate/random-polynomial-model.ts'

function samplesOf(size: number) {
  const random = randomNumbers(3)
  return Array.from({ length: 5 }, () => randomVector(size, random))
}

describe('writeOnnx', () => {
  it('is run by ONNX Runtime to 1e-4 of the exact evaluator, folded or not', async () => {
    await fc.assert(
      fc.asyncProperty(polynomialModels, async (model) => {
        const samples = samplesOf(sizeOf(model.input.shape))
        fc.pre(largestInside(model, samples) < 1e4)
        const expected = runLayerBatch(model, samples)
        await expectSameInOnnxRuntime(writeOnnx(model), samples, expected)
        await expectSameInOnnxRuntime(writeOnnx(foldIntoSquares(model, samples)), samples, expected)
      }),
      { numRuns: 25 },
    )
  })

  it('writes sparse maps, cropped convolutions, channels-last inputs and the finish', async () => {
    const shape = [2, 4, 3] as const
    const random = randomNumbers(5)
    const model = {
      name: 'parts',
      input: { name: 'pixels', shape, onnxShape: [1, 4, 3, 2], layout: 'nhwc' as const },
      layers: [
        {
          kind: 'linear' as const,
          id: 'cropped',
          sources: [],
          shape: [2, 2, 2] as const,
          terms: [
            {
              input: 'input',
              map: {
                kind: 'conv' as const,
                weight: randomVector(4, random),
                kernel: [1, 1] as const,
                strides: [1, 1] as const,
                dilations: [1, 1] as const,
                pads: [0, 0, 0, 0] as const,
                groups: 1,
              },
            },
          ],
          bias: Float64Array.of(0.5, -0.25),
        },
        {
          kind: 'linear' as const,
          id: 'scores',
          sources: [],
          shape: [3, 1, 1] as const,
          terms: [
            {
              input: 'cropped',
              map: {
                kind: 'sparse' as const,
                rowStarts: Int32Array.of(0, 2, 2, 3),
                columns: Int32Array.of(0, 7, 3),
                values: Float64Array.of(1, -2, 0.5),
              },
            },
          ],
          bias: Float64Array.of(0, 0.1, 0),
        },
      ],
      output: 'scores',
      finish: 'softmax' as const,
    }
    const [sample] = samplesOf(sizeOf(shape))
    const [scores] = runLayerBatch(model, [sample])
    const powers = scores.map(Math.exp)
    const expected = powers.map((value) => value / powers.reduce((sum, power) => sum + power, 0))
    const reference = await openReference(writeOnnx(model), { layout: 'nhwc' })
    const actual = await reference.run(sample)
    await reference.close()
    expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5))
  })

  it('keeps the names of classes', () => {
    const [model] = fc.sample(polynomialModels, { numRuns: 1, seed: 1 })
    const { metadata } = readOnnx(writeOnnx(model, ['cat', 'a "dog"']))
    expect(classNamesIn(metadata ?? new Map(), 2)).toEqual(['cat', 'a "dog"'])
  })

  it('is read back as the same function', () => {
    fc.assert(
      fc.property(polynomialModels, (model) => {
        const degrees = model.layers.map((layer) =>
          layer.kind === 'polynomial' ? layer.coefficients[0].length - 1 : 0,
        )
        fc.pre(degrees.every((degree) => degree === 0))
        const samples = samplesOf(sizeOf(model.input.shape))
        const expected = runLayerBatch(model, samples)
        // An output that the input does not change is refused by its name.
        fc.pre(expected.some((row) => row.some((value, j) => value !== expected[0][j])))
        const actual = runLayerBatch(normalise(readOnnx(writeOnnx(model))), samples)
        expected.forEach((row, i) => row.forEach((v, j) => expect(actual[i][j]).toBeCloseTo(v, 4)))
      }),
      { numRuns: 30 },
    )
  })
})
