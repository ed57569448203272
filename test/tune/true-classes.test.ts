import { describe, expect, it } from 'vitest'
import { fitNetwork, tuneNetwork } from '../../src-main/core/approximate/approximate.ts'
import { labelOf, share } from '../../src-main/core/network/classification.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { randomNumbers } from '../../src-main/core/numeric/random-numbers.ts'
import { silent } from '../../src-main/core/progress.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { putRight } from '../../src-main/core/tune/true-classes.ts'

describe('putRight', () => {
  const samples = [0, 1, 2, 3].map((value) => Float64Array.of(value))
  const labels = new Map(samples.slice(0, 3).map((sample, i) => [sample, i === 1 ? 0 : 2]))
  // Three classes of four inputs.
  const outputs = Float32Array.of(5, 5, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2)
  const made = (...parts: number[]) => ({ input: samples[parts[0]], parts })

  it('exchanges the largest score and that of the only class, and leaves all else', () => {
    const varied = [made(0), made(1), made(0, 2), made(2, 1)]
    expect(putRight(outputs, varied, samples, labels, 4)).toEqual(Float32Array.of(2, 5, 2, 5, 1, 1, 1, 1, 5, 2, 5, 2))
    expect(outputs[0]).toBe(5)
  })

  it('leaves what is made of a sample whose class is not known, and outputs without labels or of one quantity', () => {
    expect(putRight(outputs, [made(3), made(0, 3)], samples, labels, 4)).toEqual(outputs)
    expect(putRight(outputs, [made(0)], samples, undefined, 4)).toBe(outputs)
    expect(putRight(outputs, [made(0)], samples, labels, 12)).toBe(outputs)
  })
})

function dense(id: string, input: string, weight: number[], bias: number[]) {
  return {
    kind: 'linear' as const,
    id,
    sources: [],
    shape: [2, 1, 1] as const,
    terms: [{ input, map: { kind: 'dense' as const, weight: Float64Array.from(weight) } }],
    bias: Float64Array.from(bias),
  }
}

/** Two classes by whether |a| exceeds a half; the original sees too little of negative numbers. */
const original: LayerModel = {
  name: 'gate',
  input: { name: 'x', shape: [2, 1, 1], onnxShape: [1, 2], layout: 'nchw' },
  layers: [
    dense('sides', INPUT, [1, 0, -0.3, 0], [0, 0]),
    {
      kind: 'activation',
      id: 'bent',
      sources: [],
      shape: [2, 1, 1],
      input: 'sides',
      activation: { operator: 'Relu', parameters: {} },
    },
    dense('scores', 'bent', [4, 4, -4, -4], [-2, 2]),
  ],
  output: 'scores',
  finish: 'none',
}
const truth = ([a]: Float64Array) => (Math.abs(a) > 0.5 ? 0 : 1)

describe('true classes in tuning', () => {
  const random = randomNumbers(3)
  const points = Array.from({ length: 1500 }, () => Float64Array.of(2 * random() - 1, 2 * random() - 1))
  const [calibration, test] = [points.slice(0, 1000), points.slice(1000)]
  const labels = new Map(calibration.map((sample) => [sample, truth(sample)]))

  async function tuned(options: { labels?: typeof labels; tuningEpochs?: number }) {
    const events: ProgressEvent[] = []
    const work = { progress: (event: ProgressEvent) => void events.push(event) }
    const { tuningEpochs = 20 } = options
    const fitted = await fitNetwork(original, calibration, { degree: 2, ...options }, silent)
    const model = await tuneNetwork(original, fitted, { tuningEpochs }, work)
    const right = share(runLayerBatch(model, test), (output, i) => labelOf(output) === truth(test[i]))
    return { right, fitting: model.fitting, warnings: events.filter(({ kind }) => kind === 'warning') }
  }

  it('make more of its labels right, on samples that it has not seen', async () => {
    const [without, given] = [await tuned({}), await tuned({ labels })]
    expect(given.right).toBeGreaterThan(without.right + 0.1)
    expect(given.fitting).toMatchObject({ tuned: true, labelled: 900 })
    expect(without.fitting).not.toHaveProperty('labelled')
    expect(given.warnings).toEqual([])
  })

  it('are said to count for nothing where nothing is tuned', async () => {
    const { fitting, warnings } = await tuned({ labels, tuningEpochs: 0 })
    expect(fitting).not.toHaveProperty('labelled')
    expect(warnings).toEqual([expect.objectContaining({ message: expect.stringContaining('count for nothing') })])
  })
})
