import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import type { PolynomialModel } from '../../src-main/core/network/polynomial-model.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent } from '../../src-main/core/progress.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { Judge } from '../../src-main/core/tune/judge.ts'
import { keptMovements } from '../../src-main/core/tune/movements.ts'
import { scheduleOf } from '../../src-main/core/tune/schedule.ts'
import { tune, tuneBy } from '../../src-main/core/tune/tune.ts'
import { labelOf } from '../../src-main/core/network/classification.ts'
import { mnistSamples } from '../support/mnist-samples.ts'
import { expectSameInOnnxRuntime } from '../support/same-in-onnx-runtime.ts'

const trained = (name: string) =>
  normalise(readOnnx(new Uint8Array(readFileSync(new URL(`../models/trained/${name}.onnx`, import.meta.url)))))

function evidenceOf(model: LayerModel, calibration: readonly Float64Array[]) {
  const [samples, unseen] = [calibration.slice(20), calibration.slice(0, 20)]
  const evidence = { samples, unseen, movements: keptMovements(model, samples) }
  return { ...evidence, judge: new Judge(model, evidence) }
}

describe('tune', () => {
  it('leaves a network alone that no step brings closer on samples it has not seen', async () => {
    const model = trained('mnist_cryptonets_relu')
    const calibration = mnistSamples(0, 60)
    // The network itself, its activations so high up that a straight line is exact.
    const lifted = model.layers.map((layer) =>
      layer.kind === 'activation'
        ? { ...layer, activation: { operator: 'LeakyRelu', parameters: { alpha: 1 } } }
        : layer,
    )
    const original = { ...model, layers: lifted }
    const line = (channels: number) => Array.from({ length: channels }, () => Float64Array.of(0, 1, 0))
    const fit = { original: 'LeakyRelu', degree: 2, rootMeanSquareError: 0, range: [0, 0] as const, rangeMargin: 1 }
    const start: PolynomialModel = {
      ...original,
      layers: lifted.map((layer) =>
        layer.kind === 'activation'
          ? { ...layer, kind: 'polynomial' as const, coefficients: line(layer.shape[0]), fit }
          : layer,
      ),
    }
    expect(await tune(original, start, evidenceOf(original, calibration), 2, silent)).toBe(start)
  })

  it('gives more images that it has not seen the original label, the same every time', async () => {
    const model = trained('mnist_lenet5_relu_avgpool')
    const calibration = mnistSamples(0, 200)
    const test = mnistSamples(1000, 1000)
    const start = await approximate(model, calibration, { degree: 2, refit: false }, silent)
    const evidence = evidenceOf(model, calibration)
    const tuned = await tune(model, start, evidence, 4, silent)
    const labels = runLayerBatch(model, test).map(labelOf)
    const lost = (polynomial: PolynomialModel) =>
      runLayerBatch(polynomial, test).filter((output, i) => labelOf(output) !== labels[i]).length
    expect(lost(tuned)).toBeLessThan(0.8 * lost(start))
    expect(await tune(model, start, evidence, 4, silent)).toEqual(tuned)
    const some = test.slice(0, 50)
    await expectSameInOnnxRuntime(writeOnnx(tuned), some, runLayerBatch(tuned, some))
  })

  it('takes smaller steps where the loss rises', async () => {
    const model = trained('mnist_lenet5_relu_avgpool')
    const calibration = mnistSamples(0, 200)
    const start = await approximate(model, calibration, { degree: 2, refit: false }, silent)
    const evidence = evidenceOf(model, calibration)
    const usual = scheduleOf(model, start, evidence.samples.length, evidence.movements, 4)
    const courses: string[] = []
    const progress = (event: ProgressEvent) => {
      if (event.kind === 'stage') courses.push(event.stage)
    }
    const tuned = await tuneBy({ ...usual, rate: 64 * usual.rate, isTold: false }, model, start, evidence, { progress })
    expect(courses.length).toBeGreaterThan(1)
    expect(evidence.judge.of(tuned).loss).toBeLessThan(0.9 * evidence.judge.of(start).loss)
  })

  it('stops when it is told to', async () => {
    const model = trained('mnist_cryptonets_relu')
    const calibration = mnistSamples(0, 200)
    const start = await approximate(model, calibration, { degree: 2, refit: false }, silent)
    const controller = new AbortController()
    const work = { progress: () => controller.abort(), signal: controller.signal }
    await expect(tune(model, start, evidenceOf(model, calibration), 4, work)).rejects.toThrow(
      expect.objectContaining({ name: 'CancelledError' }),
    )
  })
})
