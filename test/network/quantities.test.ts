import { expect, it } from 'vitest'
import { INPUT, type Finish, type LayerModel, type Shape } from '../../src-main/core/network/layer-model.ts'
import { tellsQuantities } from '../../src-main/core/network/quantities.ts'

/** Gives what it takes. */
const identity = (shape: Shape, finish: Finish = 'none'): LayerModel => ({
  name: 'identity',
  input: { name: 'x', shape, onnxShape: [1, ...shape], layout: 'nchw' },
  layers: [],
  output: INPUT,
  finish,
})

/** `outputs` numbers of 64. */
const takes64 = (outputs: number, finish?: Finish): LayerModel => ({
  ...identity([64, 1, 1], finish),
  tail: {
    opset: 17,
    inputs: [],
    nodes: [],
    constants: new Map(),
    outputs: [],
    labels: [{ output: '', scores: '', classes: outputs, isProbability: false }],
  },
})

it.each([
  ['one number', takes64(1), true],
  ['a probability', takes64(1, 'sigmoid'), false],
  ['a few numbers, which may be classes', takes64(10), false],
  ['as many as there are inputs', identity([1, 8, 8]), true],
  ['pixels between 0 and 1', identity([1, 8, 8], 'sigmoid'), true],
  ['as many probabilities that sum to 1', identity([1, 8, 8], 'softmax'), false],
  ['a class out of as many', identity([1, 8, 8], 'argmax'), false],
  ['four of four features, as usual for classes', identity([4, 1, 1]), false],
] as const)('%s', (_, model, expected) => {
  expect(tellsQuantities(model)).toBe(expected)
  // Whoever knows better is believed.
  for (const quantities of [true, false]) expect(tellsQuantities({ ...model, quantities })).toBe(quantities)
})
