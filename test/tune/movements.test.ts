import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel, Shape } from '../../src-main/core/network/layer-model.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { randomNumbers } from '../../src-main/core/numeric/random-numbers.ts'
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

/** A quantity that is always above 0, so that its sign says nothing: how far down, or to the right, the bright pixels are. */
function placeOf(shape: Shape, axis: 'down' | 'right'): LayerModel {
  const [, height, width] = shape
  const weight = Float64Array.from({ length: height * width }, (_, i) =>
    axis === 'down' ? Math.floor(i / width) : i % width,
  )
  const map = { kind: 'dense' as const, weight }
  const layer = { kind: 'linear' as const, id: 'place', sources: [], shape: [1, 1, 1] as const }
  return {
    ...largestColumn(shape),
    layers: [{ ...layer, terms: [{ input: INPUT, map }], bias: Float64Array.of(100) }],
    output: 'place',
  }
}

describe('keptMovements', () => {
  it('keeps what hardly changes a quantity, whose sign is always the same', () => {
    const shape: Shape = [1, 40, 40]
    const squares = Array.from({ length: 60 }, (_, sample) => {
      const [top, left] = [(7 * sample) % 30, (11 * sample) % 30]
      const isBright = (y: number, x: number) => y >= top && y < top + 10 && x >= left && x < left + 10
      return Float64Array.from({ length: 1600 }, (_, i) => (isBright(Math.floor(i / 40), i % 40) ? 1 : 0))
    })
    expect(keptMovements(placeOf(shape, 'down'), squares)).toContain('mirror')
    expect(keptMovements(placeOf(shape, 'right'), squares)).not.toContain('mirror')
  })

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

  it('moves pictures in every way where a network that is often wrong changes a few of its surer labels', () => {
    const model = normalise(
      readOnnx(new Uint8Array(readFileSync(new URL('../../assets/lenet5.onnx', import.meta.url)))),
    )
    const noise = randomNumbers(1)
    const hardlySeen = mnistSamples(0, 200).map((sample) => sample.map((value) => value + 6 * (noise() + noise() - 1)))
    expect(keptMovements(model, hardlySeen)).toEqual(['turn', 'zoom', 'slant', 'shift rows', 'shift columns'])
  })

  it('moves a signal along its length only, and nothing that is short', () => {
    const signal = largestColumn([1, 1, 30])
    const samples = Array.from({ length: 20 }, (_, s) => Float64Array.from({ length: 30 }, (_, i) => (i >= s ? 1 : 0)))
    expect(keptMovements(signal, samples)).not.toContain('turn')
    expect(keptMovements(largestColumn([1, 4, 4]), [new Float64Array(16)])).toEqual([])
  })
})
