import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayerBatch } from '../../src-main/core/normalise/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import { tune } from '../../src-main/core/tune/tune.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

const trained = (name: string) =>
  normalise(readOnnx(new Uint8Array(readFileSync(new URL(`../models/trained/${name}.onnx`, import.meta.url)))))

describe('tune', () => {
  it('brings the outputs on images it has not seen closer to the original, the same every time', async () => {
    const model = trained('mnist_lenet5_relu_avgpool')
    const calibration = mnistSamples(0, 200)
    const test = mnistSamples(1000, 200)
    const start = await approximate(model, calibration, { degree: 2, tuningEpochs: 0, refit: false }, silent)
    const tuned = await tune(model, start, calibration, 4, silent)
    const expected = runLayerBatch(model, test)
    const errorOf = (outputs: Float64Array[]) =>
      outputs.reduce((sum, row, s) => sum + row.reduce((all, value, j) => all + (value - expected[s][j]) ** 2, 0), 0)
    expect(errorOf(runLayerBatch(tuned, test))).toBeLessThan(0.8 * errorOf(runLayerBatch(start, test)))
    expect(await tune(model, start, calibration, 4, silent)).toEqual(tuned)
  })

  it('stops when it is told to', async () => {
    const model = trained('mnist_cryptonets_relu')
    const calibration = mnistSamples(0, 200)
    const start = await approximate(model, calibration, { degree: 2, tuningEpochs: 0, refit: false }, silent)
    const controller = new AbortController()
    const work = { progress: () => controller.abort(), signal: controller.signal }
    await expect(tune(model, start, calibration, 4, work)).rejects.toThrow(
      expect.objectContaining({ name: 'CancelledError' }),
    )
  })
})
