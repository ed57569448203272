import { describe, expect, it } from 'vitest'
import { encodeStep, decodeStep } from '../../src-main/owner/step-json.ts'
import type { ActivationLayer, LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { writeOnnx } from '../../src-main/core/onnx/write-onnx.ts'
import { differenceFromRuntime, importModel, randomSample, relativeDifference } from '../models/compare.ts'
import { errorOf, integers, model, node, scalar, tensor } from '../onnx/small-model.ts'
import type { TestNode, TestTensor } from '../onnx/write-model.ts'

type Spelling = readonly [name: string, nodes: readonly TestNode[], constants: Record<string, TestTensor>]

const half = scalar(0.5)
const channels = (seed: number): TestTensor => ({ ...tensor(1, 2, 1, 1), values: [0.3 * seed, -0.7] })

/** Functions of one value as exporters write them, none of which ONNX has an operator for. */
const functions: readonly Spelling[] = [
  ['sine', [node('Sin', 'x', 'y')], {}],
  [
    'hard shrink',
    [node('Abs', 'x', 'a'), node('LessOrEqual', 'a half', 'c'), node('Where', 'c zero x', 'y')],
    { half, zero: scalar(0) },
  ],
  [
    'soft shrink',
    [
      node('Greater', 'x half', 'g'),
      node('Less', 'x low', 'l'),
      node('Sub', 'x half', 'down'),
      node('Add', 'x half', 'up'),
      node('Where', 'l up zero', 'm'),
      node('Where', 'g down m', 'y'),
    ],
    { half, low: scalar(-0.5), zero: scalar(0) },
  ],
  [
    'a threshold as a product with a comparison',
    [node('Greater', 'x half', 'g'), node('Cast', 'g', 'f', { to: 1 }), node('Mul', 'f x', 'y')],
    { half },
  ],
  [
    'log sigmoid',
    [
      node('Neg', 'x', 'n'),
      node('Exp', 'n', 'e'),
      node('Add', 'e one', 's'),
      node('Log', 's', 'l'),
      node('Neg', 'l', 'y'),
    ],
    { one: scalar(1) },
  ],
  ['signed root', [node('Abs', 'x', 'a'), node('Sqrt', 'a', 'r'), node('Sign', 'x', 's'), node('Mul', 'r s', 'y')], {}],
  [
    'a leaky ReLU by a Where',
    [node('Greater', 'x zero', 'g'), node('Mul', 'x slope', 'l'), node('Where', 'g x l', 'y')],
    { zero: scalar(0), slope: scalar(0.2) },
  ],
  [
    'slopes by channel',
    [node('Abs', 'x', 'a'), node('Mul', 'a slope', 's'), node('Add', 's x', 'y')],
    { slope: channels(1) },
  ],
  ['one constant for each element', [node('Less', 'x c', 'l'), node('Where', 'l x c', 'y')], { c: tensor(1, 2, 6, 6) }],
]

const polynomials: readonly Spelling[] = [
  [
    'by Horner’s rule',
    [
      node('Mul', 'x c3', 'a'),
      node('Add', 'a c2', 'b'),
      node('Mul', 'b x', 'c'),
      node('Add', 'c c1', 'd'),
      node('Mul', 'd x', 'e'),
      node('Add', 'e c0', 'y'),
    ],
    { c0: channels(1), c1: channels(2), c2: scalar(-0.4), c3: channels(3) },
  ],
  ['by products', [node('Mul', 'x x', 'a'), node('Mul', 'a x', 'b'), node('Sub', 'b x', 'y')], {}],
  [
    'by powers',
    [node('Pow', 'x n', 'a'), node('Mul', 'x half', 'b'), node('Sum', 'a b x', 'y')],
    { half, n: scalar(3) },
  ],
]

const shape = ['N', 2, 6, 6]
const operatorsOf = ({ layers }: LayerModel): string[] =>
  layers.flatMap((layer) => (layer.kind === 'activation' ? [layer.activation.operator] : []))

describe('a function of one value', () => {
  it.each(functions)('is one activation: %s', async (_, nodes, constants) => {
    const bytes = model(shape, nodes, constants)
    const imported = importModel(bytes)
    expect(operatorsOf(imported)).toHaveLength(1)
    expect(await differenceFromRuntime(imported, bytes)).toBeLessThan(1e-5)
  })

  it.each(polynomials)('is a polynomial where it is one: %s', async (_, nodes, constants) => {
    const bytes = model(shape, nodes, constants)
    const imported = importModel(bytes)
    expect(operatorsOf(imported)).toEqual(['Polynomial'])
    expect(await differenceFromRuntime(imported, bytes)).toBeLessThan(1e-5)
  })

  it.each([...functions, ...polynomials])(
    'may stay exact, in ONNX and with the owner: %s',
    async (_, nodes, constants) => {
      const imported = importModel(model(shape, nodes, constants))
      const written = writeOnnx({ ...imported, layers: imported.layers as ActivationLayer[] })
      expect(await differenceFromRuntime(imported, written)).toBeLessThan(1e-5)
      const layers = imported.layers.filter((layer) => layer.kind === 'activation')
      const kept = decodeStep(encodeStep({ outputs: [{ id: 'x', shape: [2, 6, 6] }], layers, inputs: ['x'] })).layers
      const sample = randomSample(72, 1)
      const again = { ...imported, layers: imported.layers.with(imported.layers.indexOf(layers[0]), kept[0]) }
      expect(relativeDifference(runLayers(again, sample), runLayers(imported, sample))).toBe(0)
    },
  )
})

describe('values that are computed of several', () => {
  it('are products of two branches, as in squeeze-and-excitation', async () => {
    const nodes = [
      node('GlobalAveragePool', 'x', 'g'),
      node('Conv', 'g w', 'c'),
      node('Sigmoid', 'c', 's'),
      node('Mul', 'x s', 'y'),
    ]
    const bytes = model(shape, nodes, { w: tensor(2, 2, 1, 1) })
    expect(operatorsOf(importModel(bytes))).toEqual(['Sigmoid', 'Square', 'Square'])
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it.each(['Max', 'Min'])('are the %s of two and three branches', async (operator) => {
    const constants = { w: tensor(2, 2, 1, 1), v: tensor(2, 2, 1, 1) }
    const branches = [node('Conv', 'x w', 'a'), node('Conv', 'x v', 'b')]
    for (const inputs of ['a b', 'a b x']) {
      const bytes = model(shape, [...branches, node(operator, inputs, 'y')], constants)
      expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
    }
  })

  it.each([
    ['of the features', [1], /statistic of the input, as LayerNormalization/],
    ['of the batch', [0], /statistic of the batch: BatchNormalization in training mode/],
  ] as const)('are not divided by a deviation %s: one line says so', (_, axes, message) => {
    const nodes = [
      node('ReduceMean', 'x axes', 'm'),
      node('Sub', 'x m', 'd'),
      node('Mul', 'd d', 'q'),
      node('ReduceMean', 'q axes', 'v'),
      node('Add', 'v eps', 'e'),
      node('Sqrt', 'e', 's'),
      node('Reciprocal', 's', 'r'),
      node('Mul', 'd r', 'y'),
    ]
    const constants = { axes: integers(...axes), eps: scalar(1e-3) }
    const error = errorOf(() => importModel(model(['N', 8], nodes, constants, { opset: 18 })))
    expect(error.message).toMatch(message)
    expect(error.message.split('\n')).toHaveLength(2)
  })

  it.each([
    [[node('ReduceL2', 'x', 'n', { axes: [1] })]],
    [[node('Mul', 'x x', 'q'), node('ReduceSum', 'q axes', 's'), node('Sqrt', 's', 'n')]],
  ])('are not divided by their norm: what can be done is said', (norm) => {
    const nodes = [...norm, node('Div', 'x n', 'd'), node('MatMul', 'd w', 'y')]
    const constants = { axes: integers(1), w: tensor(8, 3) }
    const error = errorOf(() => importModel(model(['N', 8], nodes, constants, { opset: 13 })))
    expect(error.message).toContain('it divides by a norm')
    expect(error.message.split('\n')).toHaveLength(2)
    expect(error.hint).toContain('let your own code do the rest')
  })
})
