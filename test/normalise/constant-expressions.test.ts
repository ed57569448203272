import { expect, it } from 'vitest'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { integers, model, node, scalar, tensor } from '../onnx/small-model.ts'
import type { TestAttribute, TestTensor } from '../onnx/write-model.ts'

type Case = readonly [operator: string, inputs: string, attributes?: Record<string, TestAttribute>]

const constants: Record<string, TestTensor> = {
  c: tensor(1, 2, 4, 4),
  w: tensor(2, 2, 3, 3),
  m: tensor(4, 4),
  slope: tensor(2, 1, 1),
  one: tensor(2),
  positive: { shape: [2], values: [1, 2] },
  axis: integers(2),
  number: { shape: [], values: [3], type: 'int64' },
  low: scalar(-0.2),
  i: { shape: [1, 3], values: [0, 1, 2], type: 'int64' },
  u: tensor(1, 4),
}

const cases: readonly Case[] = [
  ['Conv', 'c w', { pads: [1, 1, 1, 1] }],
  ['MatMul', 'c m'],
  ['PRelu', 'c slope'],
  ['BatchNormalization', 'c one one one positive'],
  ['AveragePool', 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ['MaxPool', 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ['Softmax', 'c', { axis: 1 }],
  ['LogSoftmax', 'c', { axis: 3 }],
  ['CumSum', 'c number', { exclusive: 1, reverse: 1 }],
  ['Round', 'c'],
  ['Sin', 'c'],
  ['Max', 'c low'],
  ['ScatterND', 'c i u'],
]

const named = cases.map(([operator, inputs, attributes = {}]) => ({ operator, inputs, attributes }))

it.each(named)('computes $operator of constants', async ({ operator, inputs, attributes }) => {
  const bytes = model(['N', 2, 4, 4], [node(operator, inputs, 'k', attributes), node('Mul', 'x k', 'y')], constants)
  const imported = importModel(bytes)
  expect(imported.layers.map(({ kind }) => kind)).toEqual(['linear'])
  expect(await differenceFromRuntime(imported, bytes)).toBeLessThan(1e-5)
})

it('refuses a network of which only padding reaches the output', () => {
  const pads = { by: { shape: [8], values: [0, 0, 4, 0, 0, 0, -4, 0], type: 'int64' } } as const
  const bytes = model(['N', 1, 4, 4], [node('Relu', 'x', 'r'), node('Pad', 'r by', 'y')], pads)
  expect(() => importModel(bytes)).toThrow(expect.objectContaining({ code: 'constant-output' }))
})
