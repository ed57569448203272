import { describe, expect, it } from 'vitest'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { writeModel, type TestNode, type TestTensor } from '../onnx/write-model.ts'
import { randomSource } from '../planner/networks.ts'
import { expectPromise, type PromiseOptions } from './promise.ts'

const inputShape = [1, 2, 8, 8]

const random = randomSource(3)
const tensor = (...shape: number[]): TestTensor => ({
  shape,
  values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 * random()),
})
const positive = (...shape: number[]): TestTensor => ({
  shape,
  values: tensor(...shape).values.map((v) => 1 + Math.abs(v)),
})
const integers = (...values: number[]): TestTensor => ({ shape: [values.length], values, type: 'int64' })
const node = (
  operator: string,
  inputs: string[],
  output: string,
  attributes: TestNode['attributes'] = {},
): TestNode => ({
  operator,
  inputs,
  outputs: [output],
  attributes,
})

/** Squares in the middle keep ONNX Runtime an exact oracle to the end. */
const networks: Record<string, { nodes: TestNode[]; constants: Record<string, TestTensor>; isPolynomial?: boolean }> = {
  'Conv, BatchNormalization, AveragePool, Flatten, Gemm': {
    nodes: [
      node('Conv', ['x', 'w', 'b'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'variance'], 'n'),
      node('Mul', ['n', 'n'], 's'),
      node('AveragePool', ['s'], 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Flatten', ['p'], 'f'),
      node('Gemm', ['f', 'v', 'd'], 'y', { transB: 1 }),
    ],
    constants: {
      ...{ w: tensor(4, 2, 3, 3), b: tensor(4), v: tensor(3, 64), d: tensor(3) },
      ...{ scale: positive(4), shift: tensor(4), mean: tensor(4), variance: positive(4) },
    },
    isPolynomial: true,
  },
  'Pad, Conv with stride, Identity, GlobalAveragePool, Reshape, MatMul, Add': {
    nodes: [
      node('Pad', ['x', 'pads'], 'q'),
      node('Conv', ['q', 'w'], 'c', { kernel_shape: [3, 3], strides: [2, 2] }),
      node('Identity', ['c'], 'i'),
      node('Mul', ['i', 'i'], 's'),
      node('GlobalAveragePool', ['s'], 'g'),
      node('Reshape', ['g', 'shape'], 'r'),
      node('MatMul', ['r', 'v'], 'm'),
      node('Add', ['m', 'd'], 'y'),
    ],
    constants: {
      pads: integers(0, 0, 1, 1, 0, 0, 1, 1),
      w: tensor(4, 2, 3, 3),
      shape: integers(1, 4),
      v: tensor(4, 3),
      d: tensor(3),
    },
    isPolynomial: true,
  },
  'a residual Add, a grouped Conv, Dropout, Constant': {
    nodes: [
      node('Conv', ['x', 'w'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node('Mul', ['c', 'c'], 's'),
      node('Conv', ['s', 'u'], 'e', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 4 }),
      node('Dropout', ['e'], 'o'),
      node('Add', ['o', 's'], 'a'),
      { operator: 'Constant', inputs: [], outputs: ['shape'], attributes: { value: { tensor: integers(1, -1) } } },
      node('Reshape', ['a', 'shape'], 'r'),
      node('Gemm', ['r', 'v'], 'y'),
    ],
    constants: { w: tensor(4, 2, 3, 3), u: tensor(4, 1, 3, 3), v: tensor(256, 3) },
    isPolynomial: true,
  },
  'a Conv behind another whose padding makes its output wider than its input': {
    nodes: [
      node('Conv', ['x', 'w', 'b'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node('Mul', ['c', 'c'], 's'),
      node('Conv', ['s', 'u', 'e'], 'o', { kernel_shape: [2, 2], pads: [1, 1, 1, 1] }),
      node('Mul', ['o', 'o'], 't'),
      node('Flatten', ['t'], 'f'),
      node('Gemm', ['f', 'v', 'd'], 'y', { transB: 1 }),
    ],
    constants: {
      ...{ w: tensor(2, 2, 3, 3), b: tensor(2), u: tensor(2, 2, 2, 2), e: tensor(2) },
      ...{ v: tensor(3, 162), d: tensor(3) },
    },
    isPolynomial: true,
  },
  'Relu, and Softmax at the end': {
    nodes: [
      node('Conv', ['x', 'w', 'b'], 'c', { kernel_shape: [3, 3] }),
      node('Relu', ['c'], 'a'),
      node('Flatten', ['a'], 'f'),
      node('Gemm', ['f', 'v', 'd'], 'g'),
      node('Softmax', ['g'], 'y'),
    ],
    constants: { w: tensor(4, 2, 3, 3), b: tensor(4), v: tensor(144, 3), d: tensor(3) },
  },
  'Relu with a dead channel, BatchNormalization and MaxPool behind it': {
    nodes: [
      node('Conv', ['x', 'w', 'b'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node('Relu', ['c'], 'a'),
      node('BatchNormalization', ['a', 'scale', 'shift', 'mean', 'variance'], 'n'),
      node('MaxPool', ['n'], 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Flatten', ['p'], 'f'),
      node('Gemm', ['f', 'v', 'd'], 'y', { transB: 1 }),
    ],
    constants: {
      ...{ w: tensor(4, 2, 3, 3), b: { shape: [4], values: [-100, 0.1, 0.2, -0.1] }, v: tensor(3, 64), d: tensor(3) },
      ...{ scale: positive(4), shift: tensor(4), mean: tensor(4), variance: positive(4) },
    },
  },
}

/** The second activation is under the shortcut. */
const block: (typeof networks)[string] = {
  nodes: [
    node('Conv', ['x', 'w'], 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    node('Mul', ['c', 'c'], 's'),
    node('Conv', ['s', 'u'], 'e', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    node('Mul', ['e', 'e'], 't'),
    node('Conv', ['t', 'u'], 'f', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    node('Add', ['f', 's'], 'a'),
    node('GlobalAveragePool', ['a'], 'g'),
    node('Flatten', ['g'], 'r'),
    node('Gemm', ['r', 'v'], 'y'),
  ],
  constants: { w: tensor(4, 2, 3, 3), u: tensor(4, 4, 3, 3), v: tensor(4, 3) },
}

const onnxOf = ({ nodes, constants }: (typeof networks)[string]): Uint8Array =>
  writeModel({
    inputs: [{ name: 'x', shape: inputShape }],
    outputs: [{ name: 'y', shape: [1, 3] }],
    nodes,
    constants,
  })

const samples = (count: number): Float64Array[] =>
  Array.from({ length: count }, () => Float64Array.from({ length: 128 }, () => random()))

describe('compile, encrypt, run, decrypt, compare', () => {
  const calibration = samples(40)
  const check = (name: string, options: Partial<PromiseOptions>): Promise<void> =>
    expectPromise(onnxOf(networks[name]), {
      calibration,
      samples: samples(2),
      isPolynomial: networks[name].isPolynomial,
      ...options,
    })

  it.each(Object.keys(networks))('%s', async (name) => {
    expect.hasAssertions()
    await check(name, { evaluator: 'auto' })
  })

  it('with the input in the clear, an all-zero one too', async () => {
    expect.hasAssertions()
    const zero = new Float64Array(128)
    await check(Object.keys(networks)[0], { input: 'plain', samples: [zero, ...samples(1)] })
  })

  it.each([1, 2])('on node-seal with %d thread(s)', async (threads) => {
    expect.hasAssertions()
    await check(Object.keys(networks)[1], { evaluator: 'seal', threads })
  })

  it.each(['kernels', 'seal'] as const)('in three segments, handed on and refreshed, on %s', async (evaluator) => {
    expect.hasAssertions()
    const name = Object.keys(networks)[0]
    const layers = normalise(readOnnx(onnxOf(networks[name]))).layers
    const [square] = layers.filter(({ kind }) => kind === 'activation')
    const [pool] = layers.filter(({ id }) => id.includes('averagepool'))
    await check(name, { evaluator, split: `${square.id}:hand-off,${pool.id}:refresh` })
  })

  it('with an activation that the owner applies, and a shortcut that crosses the cut', async () => {
    expect.hasAssertions()
    const onnx = onnxOf(block)
    const squares = normalise(readOnnx(onnx)).layers.filter(({ kind }) => kind === 'activation')
    await expectPromise(onnx, { calibration, samples: samples(2), isPolynomial: true, split: `${squares[1].id}:exact` })
  })

  it.each(['kernels', 'seal'] as const)(
    'with squarings that are rescaled with the map behind them, on %s',
    async (evaluator) => {
      expect.hasAssertions()
      const options = { calibration, samples: samples(2), isPolynomial: true, isPostponed: true, evaluator }
      await expectPromise(onnxOf(block), options)
    },
  )

  it('with every activation left to the owner', async () => {
    expect.hasAssertions()
    await check(Object.keys(networks)[3], { split: 'refreshes=1:exact' })
  })

  it('on the kernels with 2 threads', async () => {
    expect.hasAssertions()
    await check(Object.keys(networks)[2], { evaluator: 'kernels', threads: 2 })
  })
})
