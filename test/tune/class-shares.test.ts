import { describe, expect, it } from 'vitest'
import { fitNetwork, tuneNetwork } from '../../src-main/core/approximate/approximate.ts'
import { labelOf, share } from '../../src-main/core/network/classification.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { randomNumbers } from '../../src-main/core/numeric/random-numbers.ts'
import { silent } from '../../src-main/core/progress.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { classShares } from '../../src-main/core/tune/class-shares.ts'

const size = { classes: 3, batch: 4 }

describe('classShares', () => {
  const samples = [0, 1, 2].map((value) => Float64Array.of(value))
  const labels = new Map([
    [samples[0], 2],
    [samples[1], 0],
  ])

  it('gives each class the shares of its samples, and none where the class is not known', () => {
    const varied = [
      { input: samples[0], parts: [{ sample: 0, share: 1 }] },
      {
        input: samples[1],
        parts: [
          { sample: 1, share: 0.75 },
          { sample: 2, share: 0.25 },
        ],
      },
    ]
    expect(classShares(varied, samples, labels, size)).toEqual(Float32Array.of(0, 0.75, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0))
  })

  it('says nothing without labels, or of a single output', () => {
    expect(classShares([], samples, undefined, size)).toBeUndefined()
    expect(classShares([], samples, labels, { ...size, classes: 1 })).toBeUndefined()
  })
})

/** Two classes by whether |a| exceeds a threshold. */
const gate = (threshold: number): LayerModel => ({
  name: 'gate',
  input: { name: 'x', shape: [2, 1, 1], onnxShape: [1, 2], layout: 'nchw' },
  layers: [
    dense('sides', INPUT, [1, 0, -1, 0], [0, 0]),
    {
      kind: 'activation',
      id: 'bent',
      sources: [],
      shape: [2, 1, 1],
      input: 'sides',
      activation: { operator: 'Relu', parameters: {} },
    },
    dense('scores', 'bent', [4, 4, -4, -4], [-4 * threshold, 4 * threshold]),
  ],
  output: 'scores',
  finish: 'none',
})

const dense = (id: string, input: string, weight: number[], bias: number[]) => ({
  kind: 'linear' as const,
  id,
  sources: [],
  shape: [2, 1, 1] as const,
  terms: [{ input, map: { kind: 'dense' as const, weight: Float64Array.from(weight) } }],
  bias: Float64Array.from(bias),
})

describe('true classes in tuning', () => {
  const random = randomNumbers(3)
  const points = Array.from({ length: 1500 }, () => Float64Array.of(2 * random() - 1, 2 * random() - 1))
  const [calibration, test] = [points.slice(0, 1000), points.slice(1000)]
  // The original is wrong on what lies between its threshold and the true one.
  const original = gate(0.35)
  const truth = ([a]: Float64Array) => (Math.abs(a) > 0.5 ? 0 : 1)
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

  it('bring a network nearer to them than the original is, on samples that it has not seen', async () => {
    const [without, given] = [await tuned({}), await tuned({ labels })]
    expect(given.right).toBeGreaterThan(without.right + 0.02)
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
