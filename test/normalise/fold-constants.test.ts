import { describe, expect, it } from 'vitest'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { writeModel, type TestModel, type TestNode } from '../onnx/write-model.ts'

const input = { name: 'x', shape: ['N', 2, 4, 4] }
const output = { name: 'y', shape: [] }
const model = (nodes: readonly TestNode[], constants: TestModel['constants'], opset = 13): Uint8Array =>
  writeModel({ inputs: [input], outputs: [output], nodes, constants, opset })

const count = (bytes: Uint8Array): number => importModel(bytes).layers.length

describe('what does not depend on the input', () => {
  const conv = (weight: string): TestNode => ({ operator: 'Conv', inputs: ['x', weight], outputs: ['y'] })
  const weight = { shape: [3, 2, 2, 2], values: Array.from({ length: 24 }, (_, index) => (index % 7) - 3) }

  it('weights normalised by their own length', async () => {
    const nodes: TestNode[] = [
      { operator: 'ReduceL2', inputs: ['v'], outputs: ['n'], attributes: { axes: [1, 2, 3], keepdims: 1 } },
      { operator: 'Div', inputs: ['v', 'n'], outputs: ['u'] },
      { operator: 'Mul', inputs: ['u', 'g'], outputs: ['w'] },
      conv('w'),
    ]
    const bytes = model(nodes, { v: weight, g: { shape: [3, 1, 1, 1], values: [1, 2, 3] } })
    expect(count(bytes)).toBe(1)
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('weights stored as integers with scales', async () => {
    const nodes: TestNode[] = [
      { operator: 'DequantizeLinear', inputs: ['q', 's', 'z'], outputs: ['w'], attributes: { axis: 0 } },
      conv('w'),
    ]
    const q = { ...weight, values: weight.values.map((value) => value + 3), type: 'uint8' } as const
    const z = { shape: [3], values: [3, 2, 4], type: 'uint8' } as const
    const bytes = model(nodes, { q, s: { shape: [3], values: [0.5, 0.25, 1] }, z })
    expect(count(bytes)).toBe(1)
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('instance normalisation of constants', async () => {
    const nodes: TestNode[] = [
      { operator: 'InstanceNormalization', inputs: ['c', 's', 'b'], outputs: ['n'] },
      { operator: 'Add', inputs: ['x', 'n'], outputs: ['y'] },
    ]
    const c = { shape: [1, 2, 4, 4], values: Array.from({ length: 32 }, (_, index) => Math.sin(index)) }
    const bytes = model(nodes, { c, s: { shape: [2], values: [1, 2] }, b: { shape: [2], values: [0, 1] } })
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('branches on the rank of a value, which read names from around them', async () => {
    const branch = (operator: string) => ({
      branch: {
        nodes: [
          { operator, inputs: ['x'], outputs: [`${operator}_t`] },
          { operator: 'Add', inputs: [`${operator}_t`, 'c'], outputs: [`${operator}_y`] },
        ],
        outputs: [{ name: `${operator}_y`, shape: [] }],
      },
    })
    const nodes: TestNode[] = [
      { operator: 'Shape', inputs: ['x'], outputs: ['s'] },
      { operator: 'Size', inputs: ['s'], outputs: ['rank'] },
      { operator: 'Equal', inputs: ['rank', 'four'], outputs: ['is'] },
      {
        operator: 'If',
        inputs: ['is'],
        outputs: ['y'],
        attributes: { then_branch: branch('Relu'), else_branch: branch('LSTM') },
      },
    ]
    const constants = {
      four: { shape: [], values: [4], type: 'int64' },
      c: { shape: [2, 1, 1], values: [1, -1] },
    } as const
    const bytes = model(nodes, constants)
    expect(importModel(bytes).layers.map(({ kind }) => kind)).toEqual(['activation', 'linear'])
    const taken = model(
      [
        { operator: 'Relu', inputs: ['x'], outputs: ['t'] },
        { operator: 'Add', inputs: ['t', 'c'], outputs: ['y'] },
      ],
      constants,
    )
    expect(await differenceFromRuntime(importModel(bytes), taken)).toBeLessThan(1e-5)
  })

  it('is not made large by a small file', () => {
    const bomb: TestNode[] = [
      { operator: 'ConstantOfShape', inputs: ['size'], outputs: ['c0'] },
      ...Array.from({ length: 40 }, (_, index) => ({
        operator: 'Exp',
        inputs: [`c${index}`],
        outputs: [`c${index + 1}`],
      })),
      { operator: 'ReduceSum', inputs: ['c40'], outputs: ['s'], attributes: { keepdims: 0 } },
      { operator: 'Add', inputs: ['x', 's'], outputs: ['y'] },
    ]
    const bytes = model(bomb, { size: { shape: [1], values: [2 ** 22], type: 'int64' } })
    expect(() => importModel(bytes)).toThrow('more memory than its weights explain')
  })

  it('has room for a large picture that goes through many nodes in one order', () => {
    const transpose = (from: string, to: string, ...perm: number[]): TestNode => ({
      ...{ operator: 'Transpose', inputs: [from], outputs: [to], attributes: { perm } },
    })
    const nodes: TestNode[] = [
      transpose('x', 'c0', 0, 2, 3, 1),
      ...Array.from({ length: 120 }, (_, index) => ({
        operator: 'Identity',
        inputs: [`c${index}`],
        outputs: [`c${index + 1}`],
      })),
      transpose('c120', 't', 0, 3, 1, 2),
      { operator: 'GlobalAveragePool', inputs: ['t'], outputs: ['y'] },
    ]
    const bytes = writeModel({ inputs: [{ name: 'x', shape: ['N', 3, 512, 512] }], outputs: [output], nodes })
    expect(importModel(bytes).layers.map(({ shape }) => shape)).toEqual([[3, 1, 1]])
  })
})
