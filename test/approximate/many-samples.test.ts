import { expect, it } from 'vitest'
import { fitNetwork, tuneNetwork } from '../../src-main/core/approximate/approximate.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { silent } from '../../src-main/core/progress.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { randomNumbers } from '../../src-main/core/numeric/random-numbers.ts'

/** Two inputs, a ReLU, one output. */
const network: LayerModel = {
  name: 'bend',
  input: { name: 'x', shape: [2, 1, 1], onnxShape: [1, 2], layout: 'nchw' },
  layers: [
    {
      kind: 'linear',
      id: 'sums',
      sources: [],
      shape: [2, 1, 1],
      terms: [{ input: INPUT, map: { kind: 'dense', weight: Float64Array.of(1, 1, 1, -1) } }],
      bias: new Float64Array(2),
    },
    {
      kind: 'activation',
      id: 'bent',
      sources: [],
      shape: [2, 1, 1],
      input: 'sums',
      activation: { operator: 'Relu', parameters: {} },
    },
    {
      kind: 'linear',
      id: 'out',
      sources: [],
      shape: [1, 1, 1],
      terms: [{ input: 'bent', map: { kind: 'dense', weight: Float64Array.of(1, -2) } }],
      bias: new Float64Array(1),
    },
  ],
  output: 'out',
  finish: 'none',
}

it.each([
  [1000, 100, 45],
  [20_000, 1000, 22],
])('of %i samples %i judge, and tuning sees all others %i times', async (count, judging, epochs) => {
  const random = randomNumbers(1)
  const samples = Array.from({ length: count }, () => Float64Array.of(random() - 0.5, random() - 0.5))
  const fitted = await fitNetwork(network, samples, { degree: 2 }, silent)
  const { evidence } = fitted
  expect(fitted.judge).toBeDefined()
  expect(evidence.unseen).toHaveLength(judging)
  expect(new Set([...evidence.samples, ...evidence.unseen]).size).toBe(count)
  const stop = new AbortController()
  const totals: number[] = []
  const progress = (event: ProgressEvent) => {
    if (event.kind !== 'step') return
    totals.push(event.total)
    stop.abort()
  }
  await expect(tuneNetwork(network, fitted, {}, { progress, signal: stop.signal })).rejects.toThrow('cancelled')
  expect(totals).toEqual([epochs])
})
