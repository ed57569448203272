import { expect, it } from 'vitest'
import { differenceFromRuntime, importModel, randomSample } from './compare.ts'
import { writeModel, type TestModel, type TestNode } from '../onnx/write-model.ts'

/** What people in the field bring, in small: each kind equals ONNX Runtime, or is refused with the sentence that helps. */
export interface Kind extends Partial<TestModel> {
  readonly nodes: readonly TestNode[]
  readonly inputShape?: readonly number[]
  /** Part of what is said where it is refused. */
  readonly refused?: string
  /** False where the owner does the end. */
  readonly wholeNetwork?: boolean
  /** Of half precision. */
  readonly tolerance?: number
}

export const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
export const random = (seed: number, ...shape: number[]) => ({
  shape,
  values: Array.from(randomSample(size(shape), seed)),
})
export const scalar = (value: number) => ({ shape: [], values: [value] })
export const list = (...values: number[]) => ({ shape: [values.length], values, type: 'int64' }) as const
export const node = (operator: string, inputs: string[], output: string, attributes = {}, domain = ''): TestNode => ({
  operator,
  inputs,
  outputs: [output],
  attributes,
  domain,
})

export const w = random(1, 4, 2, 3, 3)
export const image = { inputs: [{ name: 'x', shape: [1, 2, 6, 6] }] }
export const row = { inputs: [{ name: 'x', shape: ['N', 6] }] }
export const conv = node('Conv', ['x', 'w'], 'a', { pads: [1, 1, 1, 1] })
export const end = node('Flatten', ['b'], 'y')

export const checkKinds = (kinds: Readonly<Record<string, Kind>>): void =>
  it.each(Object.entries(kinds))('%s', async (_, kind) => {
    const { refused, inputShape, tolerance = 1e-4, wholeNetwork = true, ...model } = kind
    const bytes = writeModel({ outputs: [{ name: 'y', shape: [] }], inputs: [], ...model })
    if (refused !== undefined) {
      expect(() => importModel(bytes, { inputShape, wholeNetwork })).toThrow(refused)
      return
    }
    expect(await differenceFromRuntime(importModel(bytes, { inputShape, wholeNetwork }), bytes)).toBeLessThan(tolerance)
  })
