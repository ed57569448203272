import { expect, it } from 'vitest'
import { labelOf } from '../../src-main/core/network/classification.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { classScores, finishedParts } from '../../src-main/core/normalise/run-tail.ts'
import { recordOf, tailOf } from '../../src-main/owner/tail-record.ts'
import { reveal } from '../../src-main/owner/reveal.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { importModel, randomSample, relativeDifference } from '../models/compare.ts'
import { cases, node, random, single, trunk, written } from './tail-cases.ts'

it.each(Object.entries(cases))('%s is done after decryption', async (_, given) => {
  const { outputs = ['y'], activations = 1, decrypted } = given
  const bytes = written(given)
  const model = importModel(bytes, { wholeNetwork: false })
  expect(model.layers.filter(({ kind }) => kind === 'activation').length).toBe(activations)
  const last = model.layers.find(({ id }) => id === model.output)
  expect(sizeOf(last?.shape ?? [0, 0, 0])).toBe(decrypted)
  // As the owner's record of a deployment keeps it.
  const tail = model.tail && tailOf(recordOf(model.tail))
  expect(tail?.outputs).toEqual(outputs)
  for (const seed of [1, 2, 3]) {
    const sample = randomSample(6, seed)
    const ours = finishedParts({ finish: model.finish, tail }, runLayers(model, sample))
    for (const outputName of outputs) {
      const reference = await openReference(bytes, { outputName, onnxShape: [1, 6] })
      const difference = relativeDifference(ours.get(outputName) ?? new Float64Array(), await reference.run(sample))
      expect(difference).toBeLessThan(1e-5)
      await reference.close()
    }
  }
})

it('keeps the samples of a batch apart', () => {
  const best = node('ArgMax', ['logits'], ['best'], { axis: 0, keepdims: 0 })
  const across = { nodes: [...trunk(5), best, node('Cast', ['best'], ['y'], { to: 1 })], decrypted: 5 }
  expect(() => importModel(written({ ...across, batch: 3 }), { wholeNetwork: false })).toThrow(
    'it works across the 3 samples of a batch',
  )
  const each = { ...across, nodes: [...trunk(5), node('Tanh', ['logits'], ['t']), node('Mul', ['t', 'three'], ['y'])] }
  const constants = { three: { shape: [3, 1], values: [1, 2, 3] } }
  expect(importModel(written({ ...each, batch: 3, constants }), { wholeNetwork: false }).tail).toBeUndefined()
})

it('finds labels by what the tail computes', () => {
  const ensemble = importModel(written(cases['the mean of two softmaxes']), { wholeNetwork: false })
  // Each member is sure of another class, the second one more so.
  const logits = Float64Array.of(0, 2, 0, 0, 0, 0, 0, 5, 0, 0)
  expect(labelOf(classScores(ensemble, logits))).toBe(2)
  const yes = importModel(written(cases['one column of a softmax']), { wholeNetwork: false })
  expect(labelOf(classScores(yes, Float64Array.of(1, 2)))).toBe(1)
  expect(labelOf(classScores(yes, Float64Array.of(2, 1)))).toBe(0)
  const pair = importModel(written(cases['a sigmoid as two classes']), { wholeNetwork: false })
  expect([...classScores(pair, Float64Array.of(0))]).toEqual([0.5, 0.5])
})

it.each([
  ['Round', ['p'], 1],
  ['Clip', ['p', 'low', 'high'], 1],
  ['Greater', ['p', 'half'], 1],
  ['Sub', ['one', 'p'], undefined],
])('takes %s of a sigmoid for what it is: a yes or a no, or a number', (operator, inputs, classifier) => {
  const nodes = [...single, node('Sigmoid', ['logit'], ['p']), node(operator, inputs, ['z'])]
  const scalar = (value: number) => ({ shape: [], values: [value] })
  const constants = { low: scalar(0.01), high: scalar(0.99), half: scalar(0.5), one: scalar(1) }
  const bytes = written({ nodes: [...nodes, node('Cast', ['z'], ['y'], { to: 1 })], constants, decrypted: 1 })
  const model = importModel(bytes, { wholeNetwork: false })
  const { finish, tail } = model
  const deployment = { model: { finish, ...(tail && { tail: recordOf(tail) }) } } as never
  const said = [-1, 1].map((logit) => reveal(Float64Array.of(logit), deployment, { mode: 'label' }))
  if (classifier) expect(said).toEqual([{ label: 0 }, { label: 1 }])
  else expect(said.every(({ isQuantity }) => isQuantity)).toBe(true)
})

it('takes a mean of squares for a quantity, not for a class', () => {
  const nodes = [...trunk(5), node('Mul', ['logits', 'logits'], ['s']), node('ReduceMean', ['s'], ['y'], { axes: [1] })]
  const { finish, tail } = importModel(written({ nodes, decrypted: 5 }), { wholeNetwork: false })
  const deployment = { model: { finish, tail: tail && recordOf(tail) } } as never
  expect(reveal(Float64Array.of(1, 2, 3, 4, 5), deployment, { mode: 'label' })).toEqual({ label: 1, isQuantity: true })
})

it('reveals the label of every output', () => {
  const { tail } = importModel(written(cases['two heads of one trunk']), { wholeNetwork: false })
  const deployment = { model: { name: '', sha256: '', finish: 'none', tail: tail && recordOf(tail) } } as never
  expect(reveal(Float64Array.of(0, 3, 1, 0, 0, -1, 2), deployment, { mode: 'label' })).toEqual({
    label: 1,
    outputs: [
      { name: 'y', label: 1 },
      { name: 'z', label: 1 },
    ],
  })
})

it('leaves what has weights, and what something else reads, to the edge', () => {
  const later = [...trunk(5), node('Tanh', ['logits'], ['t']), { operator: 'Gemm', inputs: ['t', 'v'], outputs: ['y'] }]
  const model = importModel(written({ nodes: later, constants: { v: random(9, [5, 3]) }, decrypted: 3 }), {
    wholeNetwork: false,
  })
  expect(model.tail).toBeUndefined()
  expect(model.layers.filter(({ kind }) => kind === 'activation').length).toBe(2)
})

it('names the last tensor that would do', () => {
  const nodes = [...trunk(5), node('Erfc', ['logits'], ['e']), { operator: 'Gemm', inputs: ['e', 'v'], outputs: ['y'] }]
  const bytes = written({ nodes, constants: { v: random(9, [5, 3]) }, decrypted: 3 })
  const error = { hint: expect.stringContaining('Up to “logits” the network can be protected') as string }
  expect(() => importModel(bytes)).toThrow(expect.objectContaining(error) as Error)
  expect(importModel(bytes, { outputName: 'logits' }).layers.length).toBeGreaterThan(0)
})
