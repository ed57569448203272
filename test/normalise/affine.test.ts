import { describe, expect, it } from 'vitest'
import { differenceFromRuntime, importModel } from '../models/compare.ts'
import { integers, model, node, scalar, tensor } from '../onnx/small-model.ts'
import type { TestAttribute, TestNode, TestTensor } from '../onnx/write-model.ts'

const shape = [1, 2, 4, 6]
const scales = (...values: number[]): TestTensor => ({ shape: [values.length], values })
const bools = (shape: number[]): TestTensor => {
  const count = shape.reduce((a, b) => a * b, 1)
  return { shape, values: Array.from({ length: count }, (_, at) => Number(at % 3 === 0)), type: 'bool' }
}

async function expectLinear(nodes: readonly TestNode[], constants: Record<string, TestTensor>, opset = 18) {
  const bytes = model(shape, nodes, constants, { opset })
  const imported = importModel(bytes)
  expect(imported.layers.every(({ kind }) => kind === 'linear')).toBe(true)
  expect(await differenceFromRuntime(imported, bytes)).toBeLessThan(1e-5)
}

const resized: readonly Record<string, TestAttribute>[] = [
  { mode: 'linear' },
  { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
  { mode: 'linear', coordinate_transformation_mode: 'asymmetric' },
  { mode: 'cubic' },
  { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' },
  { mode: 'nearest', nearest_mode: 'ceil' },
  { mode: 'nearest', nearest_mode: 'round_prefer_ceil' },
]

describe('affine operators with constants', () => {
  it.each(resized)('Resize $mode $coordinate_transformation_mode $nearest_mode', async (attributes) => {
    for (const factors of [
      [2, 2],
      [0.5, 0.5],
      [1.5, 2],
    ]) {
      await expectLinear([node('Resize', 'x  s', 'y', attributes)], { s: scales(1, 1, ...factors) })
    }
    await expectLinear([node('Resize', 'x   n', 'y', attributes)], { n: integers(1, 2, 7, 9) })
  })

  it('Upsample, linear', async () => {
    await expectLinear([node('Upsample', 'x s', 'y', { mode: 'linear' })], { s: scales(1, 1, 2, 3) }, 9)
  })

  it('Pad with a constant', async () => {
    await expectLinear([node('Pad', 'x p v', 'y')], { p: integers(0, 0, 1, 2, 0, 1, 0, 1), v: scalar(0.5) })
  })

  it('Where with a constant mask', async () => {
    const mask = { m: bools([1, 2, 4, 6]), c: tensor(1, 2, 1, 1) }
    await expectLinear([node('Where', 'm x c', 'y')], mask)
    await expectLinear([node('Where', 'm c x', 'y')], mask)
    await expectLinear([node('Neg', 'x', 'n'), node('Where', 'm x n', 'y')], mask)
  })

  it('GatherND, ScatterND and ScatterElements at constant places', async () => {
    const places = { shape: [2, 3], values: [0, 1, 2, 0, 0, -1], type: 'int64' as const }
    await expectLinear([node('GatherND', 'x i', 'y')], { i: places })
    await expectLinear([node('ScatterND', 'x i u', 'y')], { i: places, u: tensor(2, 6) })
    const along = { shape: [1, 1, 1, 2], values: [3, -1], type: 'int64' as const }
    await expectLinear([node('ScatterElements', 'x i u', 'y', { axis: 3 })], { i: along, u: tensor(1, 1, 1, 2) })
  })
})

describe('operators of other domains', () => {
  const microsoft = (operator: string, inputs: string, attributes: Record<string, TestAttribute> = {}) => ({
    ...node(operator, inputs, 'y', attributes),
    domain: 'com.microsoft',
  })

  it.each([
    ['FusedConv', microsoft('FusedConv', 'x w b', { activation: 'LeakyRelu', activation_params: { floats: [0.2] } })],
    ['QuickGelu', microsoft('QuickGelu', 'x')],
    ['Gelu', microsoft('Gelu', 'x')],
  ])('%s of ONNX Runtime', async (_, fused) => {
    const bytes = model(shape, [fused], { w: tensor(3, 2, 3, 3), b: tensor(3) }, { opset: 18 })
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('Scaler and ArrayFeatureExtractor of scikit-learn', async () => {
    const floats = (...values: number[]) => ({ floats: values })
    const nodes = [
      { ...node('Scaler', 'x', 's', { offset: floats(1, 2, 3), scale: floats(0.5, 2, -1) }), domain: 'ai.onnx.ml' },
      { ...node('ArrayFeatureExtractor', 's i', 'y'), domain: 'ai.onnx.ml' },
    ]
    const bytes = model(['N', 3], nodes, { i: integers(2, 0) })
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })

  it('columns that are picked by an index without a shape, as calibrated classifiers have them', async () => {
    const pick = (index: string, output: string) => ({
      ...{ operator: 'ArrayFeatureExtractor', domain: 'ai.onnx.ml', attributes: {} },
      ...{ inputs: ['x', index], outputs: [output] },
    })
    const joined = { ...node('Concat', 'a b', 'y', { axis: 1 }) }
    const index = (value: number): TestTensor => ({ shape: [], type: 'int64', values: [value] })
    const bytes = model(['N', 3], [pick('i', 'a'), pick('j', 'b'), joined], { i: index(2), j: index(0) })
    expect(await differenceFromRuntime(importModel(bytes), bytes)).toBeLessThan(1e-5)
  })
})
