import { describe, expect, it } from 'vitest'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { printModel } from '../../src-main/core/network/print-model.ts'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { errorOf, integers, model, node, scalar, tensor } from '../onnx/small-model.ts'
import type { TestModel, TestNode, TestTensor } from '../onnx/write-model.ts'

async function expectLayers(bytes: Uint8Array, kinds: readonly string[]): Promise<void> {
  const normalised = importModel(bytes)
  const found = normalised.layers.map((layer) => (layer.kind === 'activation' ? layer.activation.operator : layer.kind))
  expect(found, printModel(normalised)).toEqual(kinds)
}

const image = ['N', 2, 6, 6]
const relu = (input: string, output: string): TestNode => node('Relu', input, output)

describe('linear nodes become one layer', () => {
  const weights = {
    w: tensor(3, 2, 3, 3),
    b: tensor(3),
    s: tensor(3),
    m: tensor(3),
    v: { shape: [3], values: [1, 2, 3] },
  }

  it('batch normalisation behind a convolution', async () => {
    const nodes = [node('Conv', 'x w b', 'c'), node('BatchNormalization', 'c s b m v', 'n'), relu('n', 'y')]
    await expectLayers(model(image, nodes, weights), ['linear', 'Relu'])
  })

  it.each([
    ['joins the convolution behind a max-pool', 1, ['linear', 'Relu', 'max-pool', 'linear']],
    ['stays before a max-pool where a factor is negative', -1, ['linear', 'Relu', 'linear', 'max-pool', 'linear']],
  ])('batch normalisation of an activation %s', async (_, sign, kinds) => {
    const nodes = [
      node('Conv', 'x w b', 'c'),
      relu('c', 'r'),
      node('BatchNormalization', 'r s b m v', 'n'),
      node('MaxPool', 'n', 'p', { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('Conv', 'p u', 'y', { pads: [1, 1, 1, 1] }),
    ]
    const bytes = model(image, nodes, { ...weights, s: { shape: [3], values: [2, sign, 0.5] }, u: tensor(2, 3, 3, 3) })
    await expectLayers(bytes, kinds)
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('preprocessing, in spite of the padding behind it', async () => {
    const nodes = [
      node('Sub', 'x mean', 'p'),
      node('Div', 'p std', 'q'),
      node('Conv', 'q w b', 'c', { pads: [1, 1, 1, 1] }),
      relu('c', 'y'),
    ]
    const constants = { ...weights, mean: tensor(2, 1, 1), std: { shape: [1], values: [0.5] } }
    const bytes = model(image, nodes, constants)
    await expectLayers(bytes, ['linear', 'Relu'])
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('zero padding before a convolution and before an average', async () => {
    const nodes = [
      node('Pad', 'x pads', 'p'),
      node('Conv', 'p w b', 'c'),
      relu('c', 'r'),
      node('Pad', 'r pads', 'q'),
      node('AveragePool', 'q', 'y', { kernel_shape: [2, 2], strides: [2, 2] }),
    ]
    const bytes = model(image, nodes, { ...weights, pads: integers(0, 0, 1, 2, 0, 0, 0, 1) })
    await expectLayers(bytes, ['linear', 'Relu', 'linear'])
    expect(printModel(importModel(bytes))).toContain('pads 1,2,0,1')
  })

  it('a residual sum, and a concatenation before a convolution', async () => {
    const nodes = [
      relu('x', 'r'),
      node('Conv', 'r w2', 'c', { pads: [1, 1, 1, 1] }),
      node('Add', 'c r', 's'),
      node('Tanh', 's', 't'),
      node('Concat', 't r', 'j', { axis: 1 }),
      node('Conv', 'j w4', 'y'),
    ]
    const bytes = model(image, nodes, { w2: tensor(2, 2, 3, 3), w4: tensor(3, 4, 1, 1) })
    await expectLayers(bytes, ['Relu', 'linear', 'Tanh', 'linear'])
    const last = importModel(bytes).layers.at(-1)!
    expect(last.kind === 'linear' && last.terms.map(({ map }) => map.kind)).toEqual(['conv', 'conv'])
  })

  it('a channels-last network with its transposes', async () => {
    const nodes = [
      node('Transpose', 'x', 'n', { perm: [0, 3, 1, 2] }),
      node('Conv', 'n w b', 'c'),
      relu('c', 'r'),
      node('Transpose', 'r', 't', { perm: [0, 2, 3, 1] }),
      node('Reshape', 't flat', 'f'),
      node('MatMul', 'f d', 'y'),
    ]
    const bytes = model(['N', 6, 6, 2], nodes, { ...weights, flat: integers(-1, 48), d: tensor(48, 5) })
    await expectLayers(bytes, ['linear', 'Relu', 'linear'])
    expect(importModel(bytes).input).toMatchObject({ shape: [2, 6, 6], layout: 'nhwc', onnxShape: [1, 6, 6, 2] })
  })

  it('but keeps one that two others read', async () => {
    const nodes = [node('Conv', 'x w b', 'c'), relu('c', 'r'), node('Tanh', 'c', 't'), node('Add', 'r t', 'y')]
    await expectLayers(model(image, nodes, weights), ['linear', 'Relu', 'Tanh', 'linear'])
  })
})

describe('max-pooling', () => {
  it('is what ReduceMax over an image comes to', async () => {
    const nodes = [node('ReduceMax', 'x', 'm', { axes: [2, 3], keepdims: 0 }), node('MatMul', 'm w', 'y')]
    const bytes = model(image, nodes, { w: tensor(2, 3) })
    await expectLayers(bytes, ['max-pool', 'linear'])
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('over channels compares a few in pairs, and pools many', async () => {
    const across = (channels: number) => model([1, channels, 4, 4], [node('ReduceMax', 'x', 'y', { axes: [1] })])
    expect(importModel(across(3)).layers.filter(({ kind }) => kind === 'activation').length).toBe(2)
    expect(await differenceFromRuntime(importModel(across(3)), across(3))).toBeLessThan(1e-5)
    expect(importModel(across(12)).layers.map(({ kind }) => kind)).toContain('max-pool')
    expect(await differenceFromRuntime(importModel(across(12)), across(12))).toBeLessThan(1e-5)
  })
})

describe('activations that are written out', () => {
  const spellings: readonly [string, readonly TestNode[], Record<string, TestTensor>, string][] = [
    ['x·Sigmoid(x)', [node('Sigmoid', 'x', 's'), node('Mul', 's x', 'y')], {}, 'Swish'],
    ['x·x', [node('Mul', 'x x', 'y')], {}, 'Square'],
    ['Pow(x, 2)', [node('Pow', 'x two', 'y')], { two: scalar(2) }, 'Square'],
    ['x·Tanh(Softplus(x))', [node('Softplus', 'x', 'p'), node('Tanh', 'p', 't'), node('Mul', 'x t', 'y')], {}, 'Mish'],
    [
      'x·HardSigmoid',
      [node('HardSigmoid', 'x', 'h', { alpha: { float: 1 / 6 } }), node('Mul', 'x h', 'y')],
      {},
      'HardSwish',
    ],
    [
      'Gelu with Erf',
      [
        node('Div', 'x root', 'd'),
        node('Erf', 'd', 'e'),
        node('Add', 'e one', 'f'),
        node('Mul', 'x f', 'g'),
        node('Mul', 'g half', 'y'),
      ],
      { root: scalar(1.4142135), one: scalar(1), half: scalar(0.5) },
      'Gelu',
    ],
    ['Max(x, 0)', [node('Max', 'x zero', 'y')], { zero: scalar(0) }, 'Relu'],
    [
      'x / (1 + e⁻ˣ)',
      [node('Neg', 'x', 'n'), node('Exp', 'n', 'e'), node('Add', 'e one', 'f'), node('Div', 'x f', 'y')],
      { one: scalar(1) },
      'Swish',
    ],
  ]

  it.each(spellings)('%s', async (_, nodes, constants, operator) => {
    const bytes = model(['N', 8], nodes, constants)
    await expectLayers(bytes, [operator])
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('keep a factor as a linear layer', async () => {
    const nodes = [node('Sigmoid', 'x', 's'), node('Mul', 's x', 'm'), node('Mul', 'm three', 'y')]
    await expectLayers(model(['N', 8], nodes, { three: scalar(3) }), ['Swish', 'linear'])
  })

  it('are not seen where two different values meet: that is a product of two branches, by squarings', async () => {
    const nodes = [node('Sigmoid', 'x', 's'), node('MatMul', 'x w', 'l'), node('Mul', 's l', 'y')]
    const bytes = model(['N', 8], nodes, { w: tensor(8, 8) })
    await expectLayers(bytes, ['Sigmoid', 'linear', 'linear', 'Square', 'linear', 'Square', 'linear'])
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })
})

describe('the end of the network', () => {
  const dense = node('MatMul', 'x w', 'd')
  const constants = { w: tensor(8, 4) }

  it.each([
    ['softmax', [node('Softmax', 'd', 'y')]],
    ['log-softmax', [node('LogSoftmax', 'd', 'y')]],
    ['log-softmax', [node('Softmax', 'd', 's'), node('Log', 's', 'y')]],
    ['sigmoid', [node('Sigmoid', 'd', 'y')]],
    ['argmax', [node('Softmax', 'd', 's'), node('ArgMax', 's', 'y', { axis: 1, keepdims: 0 })]],
    ['none', [node('Sigmoid', 'd', 's'), node('Neg', 's', 'y')]],
  ] as const)('%s', async (finish, nodes) => {
    const bytes = model(['N', 8], [dense, ...nodes], constants)
    const normalised = importModel(bytes)
    expect(normalised.finish).toBe(finish)
    if (finish !== 'argmax') expect(await differenceFromRuntime(normalised, bytes)).toBeLessThan(1e-5)
  })

  it('refuses a softmax that is followed by computation, or works per position', () => {
    const inside = model(['N', 8], [dense, node('Softmax', 'd', 's'), node('MatMul', 's v', 'y')], {
      ...constants,
      v: tensor(4, 4),
    })
    const perPosition = model(image, [node('Softmax', 'x', 'y', { axis: 1 })])
    for (const bytes of [inside, perPosition]) expect(errorOf(() => importModel(bytes)).message).toContain('Softmax')
  })
})

describe('inputs, outputs and batches', () => {
  const two: Partial<TestModel> = {
    inputs: [
      { name: 'x', shape: ['N', 4] },
      { name: 'z', shape: ['N', 4] },
    ],
    outputs: [
      { name: 'y', shape: [] },
      { name: 'w', shape: [] },
    ],
  }
  const bytes = model([], [relu('x', 'y'), node('Add', 'x z', 'w')], {}, two)

  it('a last reshape that writes the values of one sample below each other, as scikit-learn’s regressors have it', async () => {
    const bytes = model(['N', 3], [node('MatMul', 'x w', 'm'), node('Reshape', 'm s', 'y')], {
      w: tensor(3, 2),
      s: integers(-1, 1),
    })
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
    const mixing = model(['N', 4], [node('Reshape', 'x s', 'r'), node('MatMul', 'r w', 'y')], {
      w: tensor(2, 2),
      s: integers(-1, 2),
    })
    expect(errorOf(() => importModel(mixing)).code).toBe('mixed-samples')
  })

  it('asks for a choice among several outputs, and takes it', () => {
    expect(errorOf(() => importModel(bytes))).toMatchObject({
      code: 'several-outputs',
      message: expect.stringContaining('“w”'),
    })
    expect(importModel(bytes, { outputName: 'y' }).input.name).toBe('x')
    expect(errorOf(() => importModel(bytes, { outputName: 'w' })).code).toBe('several-inputs')
    expect(errorOf(() => importModel(bytes, { outputName: 'nothing' })).code).toBe('bad-output-name')
    expect(errorOf(() => importModel(bytes, { outputName: 'y', inputName: 'z' })).code).toBe('bad-input-name')
  })

  it('follows one sample of a fixed batch', async () => {
    const nodes = [relu('x', 'r'), node('Reshape', 'r flat', 'f'), node('MatMul', 'f d', 'y')]
    const fixed = model([5, 2, 3, 3], nodes, { flat: integers(5, 18), d: tensor(18, 4) })
    expect(importModel(fixed).input.onnxShape).toEqual([5, 2, 3, 3])
    expect(await differenceFromRuntime(importModel(fixed), fixed)).toBeLessThan(1e-5)
  })

  it('takes an input without a batch axis', async () => {
    const nodes = [node('Unsqueeze', 'x', 'u', { axes: [0] }), node('Conv', 'u w', 'c'), node('Flatten', 'c', 'y')]
    const bytes = model([3, 5, 5], nodes, { w: tensor(2, 3, 3, 3) }, { opset: 11 })
    expect(importModel(bytes).input).toMatchObject({ shape: [3, 5, 5], onnxShape: [3, 5, 5] })
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('refuses to mix the samples of a fixed batch', () => {
    const mixing = model([5, 4], [node('ReduceMean', 'x', 'y', { axes: [0], keepdims: 1 })])
    expect(errorOf(() => importModel(mixing)).message).toContain('5 samples')
  })

  it('takes sizes that are left open from the choice', async () => {
    const bytes = model(['N', 3, 'H', 'W'], [node('Conv', 'x w', 'y')], { w: tensor(2, 3, 3, 3) })
    const chosen = importModel(bytes, { inputShape: [1, 3, 6, 5] })
    expect(chosen.input).toMatchObject({ shape: [3, 6, 5], onnxShape: [1, 3, 6, 5] })
    expect(await differenceFromRuntime(chosen, bytes)).toBeLessThan(1e-5)
    expect(errorOf(() => importModel(bytes, { inputShape: [1, 4, 6, 5] })).code).toBe('wrong-shape')
  })

  it('refuses a layer without elements, and joins what a slice leaves empty', async () => {
    const nothing = { starts: integers(0), ends: integers(0), axes: integers(3) }
    const slice = node('Slice', 'x starts ends axes', 'e')
    const averaged = model(image, [slice, node('Tanh', 'e', 't'), node('GlobalAveragePool', 't', 'y')], nothing)
    const { code, message } = errorOf(() => importModel(averaged))
    expect([code, message]).toEqual(['bad-shape', 'Tanh “Tanh_1”: an output of [2,6,0] has no elements.'])
    const joined = model(image, [slice, node('Concat', 'x e', 'c', { axis: 3 }), relu('c', 'y')], nothing)
    expect(await differenceFromRuntime(importModel(joined), joined)).toBeLessThan(1e-5)
  })

  it('refuses sizes that are not known', () => {
    expect(errorOf(() => importModel(model(['N', 3, 'H', 'W'], [relu('x', 'y')]))).code).toBe('dynamic-input')
  })

  it('names every node that stands in the way', () => {
    const nodes = [
      node('Softmax', 'x', 'e'),
      relu('e', 'r'),
      node('Div', 'x r', 'm'),
      node('LSTM', 'm w w', 'l'),
      node('Erf', 'l', 'y'),
    ]
    const error = errorOf(() => normalise(readOnnx(model(['N', 8], nodes, { w: tensor(8, 8) }))))
    expect(error.code).toBe('unsupported-operators')
    expect(error.message.match(/^(Softmax|Div|LSTM|Erf)/gm)).toEqual(['Softmax', 'Div', 'LSTM'])
  })
})
