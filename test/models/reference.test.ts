import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { writeModel } from '../onnx/write-model.ts'
import { randomSample, relativeDifference } from './compare.ts'

const lenet = readFileSync(new URL('trained/mnist_lenet5_relu_avgpool.onnx', import.meta.url))

describe('the reference', () => {
  it('gives for a batch what it gives for each sample', async () => {
    const reference = await openReference(lenet)
    const samples = [1, 2, 3].map((seed) => randomSample(784, seed))
    const batch = await reference.runBatch(samples)
    for (const [index, sample] of samples.entries()) {
      expect(relativeDifference(batch[index], await reference.run(sample))).toBeLessThan(1e-5)
    }
    await reference.close()
  })

  it('feeds channels-last networks from [C,H,W], and fixed batches', async () => {
    const bytes = writeModel({
      inputs: [{ name: 'x', shape: [2, 1, 2, 3] }],
      outputs: [{ name: 'y', shape: [2, 1, 2, 3] }],
      nodes: [{ operator: 'Identity', inputs: ['x'], outputs: ['y'] }],
    })
    const reference = await openReference(bytes, { layout: 'nhwc' })
    const [outputs] = await reference.runBatch([Float64Array.of(1, 2, 3, 4, 5, 6)])
    expect([...outputs]).toEqual([1, 3, 5, 2, 4, 6])
    await reference.close()
  })

  it.each([
    ['float16', 10, 0.5],
    ['float64', 11, 0.1],
    ['uint8', 2, 3],
    ['int32', 6, -3],
    ['int64', 7, -3],
  ] as const)('feeds and reads %s', async (_, type, value) => {
    const bytes = writeModel({
      inputs: [{ name: 'x', shape: ['N', 2], type }],
      outputs: [{ name: 'y', shape: ['N', 2], type }],
      nodes: [{ operator: 'Identity', inputs: ['x'], outputs: ['y'] }],
    })
    const reference = await openReference(bytes)
    expect([...(await reference.run(Float64Array.of(value, 1)))]).toEqual([value, 1])
    await reference.close()
  })

  it('says what ONNX Runtime objects to', async () => {
    await expect(openReference(new Uint8Array([8, 8]))).rejects.toThrow(UserError)
  })
})
