import { expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { writeModel, type TestNode } from '../onnx/write-model.ts'

const node = (operator: string, inputs: string[], output: string, attributes = {}): TestNode => ({
  ...{ operator, inputs, outputs: [output], attributes },
})
const constants = {
  lowest: { shape: [], values: [-Infinity] },
  highest: { shape: [], values: [Infinity] },
  low: { shape: [], values: [-0.3] },
  border: { shape: [8], values: [0, 0, 1, 1, 0, 0, 1, 1], type: 'int64' },
} as const

const written = (nodes: readonly TestNode[], more = {}): Uint8Array =>
  writeModel({
    inputs: [{ name: 'x', shape: ['N', 2, 4, 4] }],
    outputs: [{ name: 'y', shape: [] }],
    nodes,
    constants: { ...constants, ...more },
    opset: 13,
  })

it.each<[string, TestNode[]]>([
  ['a clip of one end', [node('Clip', ['x', 'low', 'highest'], 'a'), node('GlobalAveragePool', ['a'], 'y')]],
  ['a clip without ends', [node('Clip', ['x', 'lowest', 'highest'], 'a'), node('GlobalAveragePool', ['a'], 'y')]],
  ['a maximum', [node('Max', ['x', 'lowest'], 'a'), node('GlobalAveragePool', ['a'], 'y')]],
  ['a minimum', [node('Min', ['highest', 'x'], 'a'), node('GlobalAveragePool', ['a'], 'y')]],
  [
    'the padding of a max-pool',
    [
      node('Pad', ['x', 'border', 'lowest'], 'p'),
      node('MaxPool', ['p'], 'a', { kernel_shape: [2, 2] }),
      node('Relu', ['a'], 'y'),
    ],
  ],
])('an infinity is no bound in %s', async (_, nodes) => {
  const bytes = written(nodes)
  expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-6)
})

it('an infinite weight is refused', () => {
  const bytes = written([node('PRelu', ['x', 'slope'], 'y')], { slope: { shape: [1, 1, 1], values: [Infinity] } })
  const error = (() => {
    try {
      return importModel(bytes)
    } catch (caught) {
      return caught
    }
  })()
  expect(error).toBeInstanceOf(UserError)
  expect(error).toMatchObject({ code: 'bad-tensor' })
})
