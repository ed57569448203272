import { describe, expect, it } from 'vitest'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { rawBytes, writeModel, type TestModel, type TestTensor } from './write-model.ts'

/** y = x + c. */
const adding = (constant: TestTensor, changes: Partial<TestModel> = {}): Uint8Array =>
  writeModel({
    inputs: [{ name: 'x', shape: ['N', 3] }],
    outputs: [{ name: 'y', shape: ['N', 3] }],
    nodes: [{ operator: 'Add', inputs: ['x', 'c'], outputs: ['y'] }],
    constants: { c: constant },
    ...changes,
  })

const values = [0.5, -2, 0.375]
const codeOf = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'none'
}

describe('tensors', () => {
  it.each(['float', 'double', 'float16', 'bfloat16'] as const)('%s weights, raw or in their own field', (type) => {
    for (const storage of ['raw', 'field'] as const) {
      const graph = readOnnx(adding({ shape: [3], values, type, storage }))
      expect([...graph.constants.get('c')!.data]).toEqual(values)
    }
  })

  it('integers, small and 64 bits wide', () => {
    for (const [type, storage] of [
      ['int64', 'raw'],
      ['int64', 'field'],
      ['uint8', 'raw'],
      ['uint8', 'field'],
    ] as const) {
      const graph = readOnnx(adding({ shape: [3], values: [1, 2, 255], type, storage }))
      expect(graph.constants.get('c')).toMatchObject({ elementType: 'int', data: Float64Array.of(1, 2, 255) })
    }
  })

  it.each([
    ['uint4', [0, 15, 7]],
    ['int4', [-8, 7, -1]],
    ['uint2', [3, 0, 2]],
    ['int2', [-2, 1, -1]],
  ] as const)('%s, several to a byte', (type, stored) => {
    for (const storage of ['raw', 'field'] as const) {
      const tensor = readOnnx(adding({ shape: [3], values: stored, type, storage })).constants.get('c')
      expect(tensor).toMatchObject({ elementType: 'int', integer: type, data: Float64Array.from(stored) })
      expect(codeOf(() => readOnnx(adding({ shape: [9], values: stored, type, storage })))).toBe('bad-tensor')
    }
  })

  it('from another file, at their place in it', () => {
    const bytes = new Uint8Array([...new Uint8Array(8), ...rawBytes(values, 'float')])
    const model = adding({ shape: [3], values: [], storage: { location: 'weights.bin', offset: 8, length: 12 } })
    const asked: string[] = []
    const graph = readOnnx(model, { externalData: (location) => (asked.push(location), bytes) })
    expect([...graph.constants.get('c')!.data]).toEqual(values)
    expect(asked).toEqual(['weights.bin'])
  })

  it('refuses a place outside the other file, and other files where none may be read', () => {
    const outside = adding({ shape: [3], values: [], storage: { location: 'weights.bin', offset: 8, length: 12 } })
    expect(codeOf(() => readOnnx(outside, { externalData: () => new Uint8Array(19) }))).toBe('bad-tensor')
    expect(codeOf(() => readOnnx(outside))).toBe('bad-tensor')
  })

  it('refuses NaN, infinities and shapes that do not fit', () => {
    for (const constant of [
      { shape: [3], values: [1, NaN, 2] },
      { shape: [3], values: [1, Infinity, 2] },
      { shape: [4], values },
      { shape: [-3], values },
      { shape: [2 ** 40, 2 ** 40], values },
    ]) {
      expect(codeOf(() => readOnnx(adding(constant)))).toBe('bad-tensor')
    }
  })
})

describe('graphs', () => {
  const constant = { shape: [3], values }

  it('leaves out inputs that are initialisers', () => {
    const inputs = [
      { name: 'x', shape: ['N', 3] },
      { name: 'c', shape: [3] },
    ]
    const graph = readOnnx(adding(constant, { inputs, irVersion: 3 }))
    expect(graph.inputs).toEqual([{ name: 'x', elementType: 'float', shape: ['N', 3] }])
  })

  it('sorts nodes that are written in another order', () => {
    const nodes = [
      { operator: 'Relu', inputs: ['t'], outputs: ['y'] },
      { operator: 'Add', inputs: ['x', 'c'], outputs: ['t'] },
    ]
    expect(readOnnx(adding(constant, { nodes })).nodes.map(({ operator }) => operator)).toEqual(['Add', 'Relu'])
  })

  it('refuses cycles, missing and doubled names', () => {
    const cycle = [
      { operator: 'Add', inputs: ['x', 'y'], outputs: ['t'] },
      { operator: 'Relu', inputs: ['t'], outputs: ['y'] },
    ]
    const missing = [{ operator: 'Add', inputs: ['x', 'nothing'], outputs: ['y'] }]
    const doubled = [
      { operator: 'Relu', inputs: ['x'], outputs: ['y'] },
      { operator: 'Tanh', inputs: ['x'], outputs: ['y'] },
    ]
    for (const nodes of [cycle, missing, doubled]) {
      expect(codeOf(() => readOnnx(adding(constant, { nodes })))).toBe('bad-graph')
    }
  })

  it('reads operator sets 1 to 26', () => {
    for (const opset of [1, 26]) expect(readOnnx(adding(constant, { opset })).opset).toBe(opset)
    for (const opset of [0, 27, 999]) {
      expect(codeOf(() => readOnnx(adding(constant, { opset })))).toBe('unsupported-opset')
    }
  })

  it('says when a file is not ONNX, or empty', () => {
    expect(codeOf(() => readOnnx(new Uint8Array()))).toBe('not-onnx')
    expect(codeOf(() => readOnnx(new TextEncoder().encode('%PDF-1.7 something else')))).toBe('not-onnx')
    const bytes = adding(constant)
    expect(codeOf(() => readOnnx(bytes.subarray(0, bytes.length - 3)))).toBe('not-onnx')
  })
})
