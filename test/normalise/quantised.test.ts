import { describe, expect, it } from 'vitest'
import { activationFunction } from '../../src-main/core/network/activations.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { runLayerBatch } from '../../src-main/core/network/run-layers.ts'
import { calibrateClamps, withoutLikelyIdleClamps } from '../../src-main/core/normalise/calibrate-clamps.ts'
import { preflight } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { importModel, randomSample } from '../models/compare.ts'
import type { TestNode, TestTensor } from '../onnx/write-model.ts'
import {
  contrib,
  grids,
  integer,
  integers,
  model,
  node,
  pair,
  real,
  reals,
  stepsFromRuntime,
} from './quantised-models.ts'

const weights = {
  w: integers('int8', [4, 2, 3, 3], 100, 1),
  ws: reals(0.004, 0.006, 0.003, 0.005),
  wz: { shape: [4], type: 'int8', values: [0, 0, 0, 0] },
  b: integers('int32', [4], 3000, 2),
  bs: reals(...[0.004, 0.006, 0.003, 0.005].map((scale) => scale / 127)),
  f: integers('int8', [36, 5], 100, 3),
  fs: real(0.01),
  fz: integer('int8', 0),
} satisfies Record<string, TestTensor>

/** Conv, ReLU held by the range of the quantiser alone, maximum pool, dense: all values quantised. */
const qdq = model(
  [
    ...pair('x', 'xs', 'xz', 'xd'),
    node('DequantizeLinear', 'w ws wz', 'wd', { axis: 0 }),
    node('DequantizeLinear', 'b bs', 'bd', { axis: 0 }),
    node('Conv', 'xd wd bd', 'c', { pads: [1, 1, 1, 1] }),
    ...pair('c', 'as', 'az', 'cd'),
    node('MaxPool', 'cd', 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
    ...pair('p', 'as', 'az', 'pd'),
    node('Flatten', 'pd', 'l'),
    node('DequantizeLinear', 'f fs fz', 'fd'),
    node('MatMul', 'l fd', 'm'),
    ...pair('m', 'ys', 'yz', 'y'),
  ],
  { ...grids, ...weights },
)

const kindsOf = ({ layers }: LayerModel) =>
  layers.map((layer) => (layer.kind === 'activation' ? layer.activation.operator : layer.kind))

describe('a quantised network', () => {
  it('becomes linear maps and the clamps that its quantisers are', () => {
    const found = importModel(qdq)
    expect(kindsOf(found)).toEqual(['Clip', 'linear', 'Clip', 'max-pool', 'linear'])
    expect(found.quantised?.outputStep).toBeCloseTo(0.03, 6)
    const [input, held] = found.layers.flatMap((layer) => (layer.kind === 'activation' ? [layer] : []))
    expect(input.activation.parameters.min).toBeCloseTo(-128 / 127, 6)
    expect(held.activation.parameters).toMatchObject({ min: 0, step: Math.fround(0.02) })
    expect(held.activation.parameters.max).toBeCloseTo(255 * 0.02, 5)
  })

  it('on integers is what ONNX Runtime computes without its optimiser', async () => {
    expect(await stepsFromRuntime(qdq, 0.03)).toBeLessThan(1.01)
  })

  it('as real numbers keeps the labels of inputs whose two best outputs are more than a step apart', () => {
    const [clamped, onIntegers] = [importModel(qdq), importModel(qdq, { onIntegers: true })]
    const samples = Array.from({ length: 300 }, (_, seed) => randomSample(72, seed + 1))
    const label = (scores: Float64Array) => scores.indexOf(Math.max(...scores))
    const [expected, found] = [runLayerBatch(onIntegers, samples), runLayerBatch(clamped, samples)]
    const clear = expected.flatMap((scores, index) => {
      const [best, second] = [...scores].sort((a, b) => b - a)
      return best - second > 1.01 * onIntegers.quantised!.outputStep! ? [index] : []
    })
    expect(clear.length).toBeGreaterThan(200)
    const kept = clear.filter((index) => label(expected[index]) === label(found[index]))
    expect(kept.length / clear.length).toBeGreaterThanOrEqual(0.99)
  })

  it('loses the clamps that change nothing on calibration samples, by name and range', () => {
    const samples = Array.from({ length: 30 }, (_, seed) => randomSample(72, seed + 1))
    const { model: calibrated, dropped } = calibrateClamps(importModel(qdq), samples)
    expect(kindsOf(calibrated)).toEqual(['linear', 'Clip', 'max-pool', 'linear'])
    expect(dropped).toEqual([{ id: 'clip_1', min: expect.closeTo(-1.008, 3), max: expect.closeTo(1, 3) }])
  })

  it('keeps the clamp of its input where the samples leave it', () => {
    const samples = Array.from({ length: 30 }, (_, seed) => randomSample(72, seed + 1).map((x) => 1.2 * x))
    expect(calibrateClamps(importModel(qdq), samples).dropped).toEqual([])
  })

  it('is estimated without the clamp of its input, and reports all nodes', () => {
    const report = preflight(readOnnx(qdq))
    expect(kindsOf(withoutLikelyIdleClamps(importModel(qdq)))).toEqual(['linear', 'Clip', 'max-pool', 'linear'])
    expect(report).toMatchObject({ supported: true, depth: 4 })
    expect(report.nodes.every(({ becomes }) => becomes !== 'unused')).toBe(true)
  })

  it('without Relu and with it has one clamp, ReLU6 below its quantiser too', () => {
    const relu = (operator: string, inputs: string) =>
      importModel(
        model(
          [
            node('DequantizeLinear', 'w ws wz', 'wd', { axis: 0 }),
            node('Conv', 'x wd', 'c'),
            node(operator, inputs, 'r'),
            ...pair('r', 'as', 'az', 'd'),
            node('Flatten', 'd', 'l'),
            node('MatMul', 'l v', 'y'),
          ],
          {
            ...grids,
            ...weights,
            six: real(6),
            none: real(0),
            v: { shape: [64, 2], values: [...randomSample(128, 9)] },
          },
        ),
      )
    for (const found of [relu('Relu', 'c'), relu('Clip', 'c none six')]) {
      expect(kindsOf(found)).toEqual(['linear', 'Clip', 'linear'])
      const clip = found.layers[1]
      expect(clip.kind === 'activation' && clip.activation.parameters.max).toBeCloseTo(5.1, 5)
    }
  })
})

describe('integer operators, on integers and as ONNX Runtime computes them', () => {
  const u8 = {
    w: integers('uint8', [4, 2, 3, 3], 100, 1),
    ws: real(0.004),
    wz: integer('uint8', 128),
    b: integers('int32', [4], 3000, 2),
    f: integers('uint8', [36, 5], 100, 3),
    fs: real(0.01),
    fz: integer('uint8', 128),
    fb: integers('int32', [5], 2000, 4),
    ss: real(1 / 256),
    sz: integer('uint8', 0),
  }
  const conv = [
    node('QuantizeLinear', 'x xs xz', 'xq'),
    node('QLinearConv', 'xq xs xz w ws wz as az b', 'c', { pads: [1, 1, 1, 1] }),
  ]
  const pooled = node('MaxPool', 'c', 'p', { kernel_shape: [2, 2], strides: [2, 2] })
  const out = node('DequantizeLinear', 'yq ys yz', 'y')

  it.each<[string, TestNode[]]>([
    [
      'QLinearConv, MaxPool and QLinearMatMul',
      [...conv, pooled, node('Flatten', 'p', 'l'), node('QLinearMatMul', 'l as az f fs fz ys yz', 'yq'), out],
    ],
    ['QGemm', [...conv, pooled, node('Flatten', 'p', 'l'), contrib('QGemm', 'l as az f fs fz fb ys yz', 'yq'), out]],
    [
      'QGemm without a scale for its result',
      [...conv, pooled, node('Flatten', 'p', 'l'), contrib('QGemm', 'l as az f fs fz fb', 'y')],
    ],
    [
      'QLinearAdd and QLinearGlobalAveragePool',
      [
        ...conv,
        node('QLinearConv', 'c as az k ws wz ys yz', 'd', { pads: [1, 1, 1, 1] }),
        contrib('QLinearAdd', 'd ys yz c as az as az', 'e'),
        contrib('QLinearGlobalAveragePool', 'e as az ys yz', 'yq', { channels_last: 0 }),
        out,
      ],
    ],
    [
      'QLinearAveragePool, QLinearLeakyRelu and QLinearConcat',
      [
        ...conv,
        contrib('QLinearAveragePool', 'c as az as az', 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
        node('QLinearConv', 'p as az k ws wz ys yz', 'd'),
        contrib('QLinearLeakyRelu', 'd ys yz ys yz', 'e', { alpha: { float: 0.1 } }),
        contrib('QLinearAveragePool', 'c as az as az', 'q', { kernel_shape: [6, 6] }),
        contrib('QLinearConcat', 'ys yz e ys yz q as az', 'yq', { axis: 1 }),
        out,
      ],
    ],
  ])('%s', async (_, nodes) => {
    const last = nodes.at(-1)!
    const bytes = model(nodes, { ...grids, ...u8, k: integers('uint8', [4, 4, 3, 3], 60, 7) })
    expect(last.outputs).toEqual(['y'])
    expect(importModel(bytes).layers.length).toBeGreaterThan(2)
    expect(await stepsFromRuntime(bytes, 0.03)).toBeLessThan(1.01)
  })

  it.each<[string, TestNode[]]>([
    [
      'ConvInteger and MatMulInteger behind DynamicQuantizeLinear',
      [
        node('DynamicQuantizeLinear', 'x', 'xq xs xz'),
        node('ConvInteger', 'xq w xz wz', 'ci', { pads: [1, 1, 1, 1] }),
        node('Cast', 'ci', 'cf', { to: 1 }),
        node('Mul', 'xs ws', 'cs'),
        node('Mul', 'cf cs', 'cm'),
        node('Relu', 'cm', 'r'),
        node('MaxPool', 'r', 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
        node('Flatten', 'p', 'l'),
        node('DynamicQuantizeLinear', 'l', 'lq ls lz'),
        node('MatMulInteger', 'lq f lz fz', 'mi'),
        node('Cast', 'mi', 'mf', { to: 1 }),
        node('Mul', 'ls fs', 'ms'),
        node('Mul', 'mf ms', 'y'),
      ],
    ],
    [
      'DynamicQuantizeMatMul with a bias quantised while it runs',
      [
        node('AveragePool', 'x', 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
        node('Flatten', 'p', 'l'),
        contrib('DynamicQuantizeMatMul', 'l g fs fz', 'm'),
        node('DynamicQuantizeLinear', 'n', 'nq ns nz'),
        node('DequantizeLinear', 'nq ns nz', 'nd'),
        node('Add', 'm nd', 'y'),
      ],
    ],
  ])('%s', async (_, nodes) => {
    const constants = { ...u8, g: integers('uint8', [18, 5], 100, 5), n: reals(0.3, -0.2, 0.11, 0, 0.5) }
    const bytes = model(nodes, constants)
    expect(
      importModel(bytes).layers.every((layer) => layer.kind !== 'activation' || layer.activation.operator === 'Relu'),
    ).toBe(true)
    expect(await stepsFromRuntime(bytes, 0.01)).toBeLessThan(1)
  })

  it('a convolution whose zero point is not that of its input', async () => {
    const nodes = [
      node('QuantizeLinear', 'x xs xz', 'xq'),
      node('ConvInteger', 'xq w oz wz', 'ci', { pads: [1, 1, 1, 1] }),
      node('Cast', 'ci', 'cf', { to: 1 }),
      node('Mul', 'cf ws', 'y'),
    ]
    expect(await stepsFromRuntime(model(nodes, { ...grids, ...u8, oz: integer('uint8', 90) }), 0.004)).toBeLessThan(1.5)
  })

  it('means that lie halfway between two integers, where the last bit of float32 decides', async () => {
    const nodes = [
      ...pair('x', 'xs', 'xz', 'xd'),
      node('AveragePool', 'xd', 'a', { kernel_shape: [1, 2], strides: [1, 1] }),
      ...pair('a', 'xs', 'xz', 'd'),
      node('MatMul', 'd f', 'y'),
    ]
    const bytes = model(nodes, { ...grids, f: { shape: [5, 3], values: [...randomSample(15, 4)] } })
    expect(await stepsFromRuntime(bytes, 1 / 127)).toBeLessThan(1e-3)
  })

  it('integers that are padded with one of them', async () => {
    const nodes = [
      node('QuantizeLinear', 'x xs xz', 'xq'),
      node('Pad', 'xq pads v', 'p'),
      node('DequantizeLinear', 'p xs xz', 'd'),
      node('Conv', 'd w', 'y'),
    ]
    const constants = {
      ...grids,
      w: { shape: [3, 2, 3, 3], values: [...randomSample(54, 3)] },
      pads: { shape: [8], type: 'int64', values: [0, 0, 1, 1, 0, 0, 1, 1] },
      v: integer('uint8', 128),
    } satisfies Record<string, TestTensor>
    expect(await stepsFromRuntime(model(nodes, constants), 0.01)).toBeLessThan(0.01)
  })
})

it('says that a quantised normalisation divides by a statistic', () => {
  const bytes = model(
    [
      ...pair('x', 'xs', 'xz', 'xd'),
      node('ReduceMean', 'xd', 'm', { axes: [3] }),
      ...pair('m', 'xs', 'xz', 'md'),
      node('Sub', 'xd md', 'c'),
      node('Mul', 'c c', 'q'),
      ...pair('q', 'as', 'az', 'qd'),
      node('ReduceMean', 'qd', 'v', { axes: [3] }),
      ...pair('v', 'as', 'az', 'vd'),
      node('Sqrt', 'vd', 'r'),
      ...pair('r', 'as', 'az', 'rd'),
      node('Div', 'c rd', 'n'),
      node('GlobalAveragePool', 'n', 'y'),
    ],
    grids,
  )
  const { unsupported } = preflight(readOnnx(bytes))
  expect(unsupported.map(({ reason }) => reason).join()).toContain('normalises by a statistic of the input')
})

it('keeps the rounding within a function of one value', async () => {
  const bytes = model(
    [
      node('Conv', 'x w', 'c'),
      ...pair('c', 'cs', 'cz', 'd'),
      node('Sigmoid', 'd', 'p'),
      ...pair('p', 'ps', 'pz', 'e'),
      node('Mul', 'd e', 'm'),
      ...pair('m', 'ms', 'mz', 'f'),
      node('Conv', 'f v', 'y'),
    ],
    {
      w: { shape: [4, 2, 3, 3], values: [...randomSample(72, 3)] },
      v: { shape: [3, 4, 1, 1], values: [...randomSample(12, 4)] },
      ...{ cs: real(0.03), cz: integer('uint8', 128), ps: real(1 / 256), pz: integer('uint8', 0) },
      ...{ ms: real(0.02), mz: integer('uint8', 14) },
    },
  )
  const found = importModel(bytes)
  const [silu] = found.layers.flatMap((layer) => (layer.kind === 'activation' ? [layer.activation] : []))
  expect(silu.operator).toBe('Expression')
  const run = activationFunction(silu as never)
  // A step of the value, and between steps nothing changes.
  expect(run(0.6)).toBeCloseTo(run(0.611), 9)
  expect(run(0.6)).not.toBeCloseTo(run(0.63), 6)
  const sigmoid = Math.round(256 / (1 + Math.exp(-0.6))) / 256
  expect(run(0.6)).toBeCloseTo(0.02 * Math.round((0.6 * sigmoid) / 0.02), 6)
  expect(await stepsFromRuntime(bytes, 1)).toBeLessThan(0.05)
})

it('stops at scales that depend on the input, and says so', () => {
  const bytes = model(
    [node('ReduceMax', 'x', 's'), node('QuantizeLinear', 'x s xz', 'q'), node('DequantizeLinear', 'q s xz', 'y')],
    grids,
  )
  expect(preflight(readOnnx(bytes)).unsupported.map(({ operator }) => operator)).toContain('QuantizeLinear')
})

it('reads weights with one scale a block', async () => {
  const nodes = [
    node('Flatten', 'x', 'l'),
    node('DequantizeLinear', 'w s', 'd', { axis: 0, block_size: 12 }),
    node('MatMul', 'l d', 'y'),
  ]
  const s = { shape: [6, 5], values: Array.from(randomSample(30, 4), (x) => Math.fround(0.01 * (1.5 + x))) }
  const bytes = model(nodes, { w: integers('int8', [72, 5], 100, 3), s }, { opset: 21, irVersion: 10 })
  expect(await stepsFromRuntime(bytes, 1)).toBeLessThan(1e-4)
})
