import { UserError } from '../../src-main/core/errors.ts'
import { randomSample } from '../models/compare.ts'
import { writeModel, type TestAttribute, type TestModel, type TestNode, type TestTensor } from './write-model.ts'

/** Short spellings for models of a few nodes. */
export const tensor = (...shape: number[]): TestTensor => {
  const size = shape.reduce((a, b) => a * b, 1)
  return { shape, values: [...randomSample(size, size)].map(Math.fround) }
}
export const scalar = (value: number): TestTensor => ({ shape: [], values: [value] })
export const integers = (...values: number[]): TestTensor => ({ shape: [values.length], values, type: 'int64' })
export const node = (
  operator: string,
  inputs: string,
  output: string,
  attributes?: Record<string, TestAttribute>,
): TestNode => ({
  operator,
  inputs: inputs.split(' '),
  outputs: [output],
  attributes,
})

/** From “x” of this shape to the last node's first output. */
export function model(
  shape: readonly (number | string)[],
  nodes: readonly TestNode[],
  constants: Record<string, TestTensor> = {},
  changes: Partial<TestModel> = {},
): Uint8Array {
  const outputs = [{ name: nodes.at(-1)!.outputs[0], shape: ['a', 'b'] }]
  return writeModel({
    inputs: [{ name: 'x', shape }],
    outputs: [{ ...outputs[0], shape: [] }],
    nodes,
    constants,
    ...changes,
  })
}

export const errorOf = (run: () => unknown): UserError => {
  try {
    run()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
