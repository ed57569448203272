import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel, Shape } from '../../src-main/core/network/layer-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { keptMovements } from '../../src-main/core/tune/movements.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

/** Says in which column the sample is largest in sum: what a band of a spectrum means hangs on its column. */
function largestColumn([, height, width]: Shape): LayerModel {
  const weight = Float64Array.from({ length: width * height * width }, (_, i) =>
    i % width === Math.floor(i / (height * width)) ? 1 : 0,
  )
  return {
    name: 'spectrum',
    input: { name: 'x', shape: [1, height, width], onnxShape: [1, 1, height, width], layout: 'nchw' },
    layers: [
      {
        kind: 'linear',
        id: 'sums',
        sources: [],
        shape: [width, 1, 1],
        terms: [{ input: INPUT, map: { kind: 'dense', weight } }],
        bias: new Float64Array(width),
      },
    ],
    output: 'sums',
    finish: 'none',
  }
}

describe('keptMovements', () => {
  it('keeps shifts along time of a spectrum, and nothing that moves bands by as much as one', () => {
    const shape: Shape = [1, 40, 40]
    const band = (sample: number) =>
      Float64Array.from({ length: 1600 }, (_, i) => (i % 40 === (7 * sample) % 40 ? 1 + Math.sin(sample) / 2 : 0))
    const samples = Array.from({ length: 60 }, (_, sample) => band(sample))
    const kept = keptMovements(largestColumn(shape), samples)
    expect(kept).toContain('shift rows')
    for (const movement of ['turn', 'zoom', 'shift columns', 'mirror']) expect(kept).not.toContain(movement)
  })

  it('turns, zooms and shifts digits and does not mirror them', () => {
    const model = normalise(
      readOnnx(new Uint8Array(readFileSync(new URL('../../assets/lenet5.onnx', import.meta.url)))),
    )
    const kept = keptMovements(model, mnistSamples(0, 100))
    expect(kept).toEqual(expect.arrayContaining(['turn', 'zoom', 'slant', 'shift columns']))
    expect(kept).not.toContain('mirror')
  })

  it('moves a signal along its length only, and nothing that is short', () => {
    const signal = largestColumn([1, 1, 30])
    const samples = Array.from({ length: 20 }, (_, s) => Float64Array.from({ length: 30 }, (_, i) => (i >= s ? 1 : 0)))
    expect(keptMovements(signal, samples)).not.toContain('turn')
    expect(keptMovements(largestColumn([1, 4, 4]), [new Float64Array(16)])).toEqual([])
  })
})
