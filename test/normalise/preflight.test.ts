import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { preflight } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { model, node, tensor } from '../onnx/small-model.ts'
import { writeModel } from '../onnx/write-model.ts'

const reportOn = (file: string) =>
  preflight(readOnnx(readFileSync(new URL(`../models/trained/${file}`, import.meta.url))))

describe('preflight', () => {
  const report = reportOn('mnist_lenet5_relu_avgpool.onnx')

  it('counts what a LeNet-5 is known to have', () => {
    expect(report.parameters).toBe(61_706)
    // The two poolings add 22 channels × 4 equal weights.
    expect(report.encryptedValues).toBe(61_706 + 88)
    expect(report.supported).toBe(true)
    expect(report.unsupported).toEqual([])
    // Conv, ReLU, (pool and conv), ReLU, (pool and dense), ReLU, dense, ReLU, dense.
    expect(report.depth).toBe(9)
  })

  it('says of every node what it becomes', () => {
    expect(report.nodes.length).toBe(16)
    const becomes = Object.fromEntries(report.nodes.map(({ node, becomes }) => [node, becomes]))
    expect(becomes).toMatchObject({ '/0/Conv': 'conv_1', '/1/Relu': 'relu_2' })
    const conv = report.nodes.find(({ operator }) => operator === 'Conv')
    expect(conv).toMatchObject({ shape: [1, 6, 28, 28], parameters: 156, multiplications: 150 * 28 * 28 })
  })

  it('names the layer of a written-out activation for each of its nodes', () => {
    const { nodes } = reportOn('mnist_mixed_activations.onnx')
    expect(nodes.filter(({ becomes }) => becomes === 'gelu_10').map(({ operator }) => operator)).toEqual([
      'Div',
      'Erf',
      'Add',
      'Mul',
      'Mul',
    ])
    expect(nodes.find(({ operator }) => operator === 'Gemm')).toMatchObject({ becomes: 'gemm_7', parameters: 50_240 })
  })

  it('is plain data', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  it('lists all that cannot be protected, with reasons and hints, and shapes up to there', () => {
    const bytes = writeModel({
      inputs: [{ name: 'x', shape: ['N', 2, 4, 4] }],
      outputs: [{ name: 'y', shape: [] }],
      nodes: [
        { operator: 'Softmax', inputs: ['x'], outputs: ['a'], name: 'first' },
        { operator: 'GlobalAveragePool', inputs: ['a'], outputs: ['g'] },
        { operator: 'Attention', inputs: ['a', 'g', 'g'], outputs: ['m'], name: 'gate' },
        { operator: 'LRN', inputs: ['m'], outputs: ['y'], name: 'lrn', attributes: { size: 3 } },
      ],
    })
    const refused = preflight(readOnnx(bytes))
    expect(refused.supported).toBe(false)
    expect(refused.unsupported.map(({ node, operator }) => `${operator} ${node}`)).toEqual([
      'Softmax first',
      'Attention gate',
      'LRN lrn',
    ])
    expect(refused.unsupported.every(({ reason }) => reason.length > 10)).toBe(true)
    expect(refused.unsupported[2].hint).toContain('BatchNormalization')
    expect(refused.nodes.map(({ shape }) => shape?.length)).toEqual([4, 4, 4, 4])
  })

  it('refuses uneven parts of a Split before operator set 18', () => {
    const parts = [{ ...node('Split', 'x', 'a', { axis: 1 }), outputs: ['a', 'b'] }, node('Relu', 'b', 'y')]
    const read = (opset: number) => preflight(readOnnx(model(['N', 5], parts, {}, { opset })))
    expect(() => read(13)).toThrow('5 do not split into 2 even parts')
  })

  it('names the tensor at which a network can begin behind nodes that prepare its data', () => {
    const { supported, firstTensor, unsupported } = preflight(
      readOnnx(
        model(
          ['N', 4],
          [
            node('ReduceProd', 'x', 'p', { axes: [1] }),
            node('Concat', 'x p', 'features', { axis: 1 }),
            node('MatMul', 'features w', 'a'),
            node('Relu', 'a', 'b'),
            node('MatMul', 'b v', 'y'),
          ],
          { w: tensor(5, 6), v: tensor(6, 2) },
          { opset: 13 },
        ),
      ),
    )
    expect([supported, firstTensor]).toEqual([false, 'features'])
    expect(unsupported[0].hint).toContain('PolynomialFeatures')
  })
})
