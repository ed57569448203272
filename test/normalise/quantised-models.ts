import { applyFinish } from '../../src-main/core/network/finish.ts'
import { sizeOf } from '../../src-main/core/network/layer-model.ts'
import { runLayers } from '../../src-main/core/network/run-layers.ts'
import { openReference } from '../../src-main/ort/reference.ts'
import { importModel, randomNumbers, randomSample } from '../models/compare.ts'
import { writeModel, type TestAttribute, type TestModel, type TestNode, type TestTensor } from '../onnx/write-model.ts'

/** Parts of quantised networks for tests, and their comparison with ONNX Runtime. */
export type Type = NonNullable<TestTensor['type']>

export const integers = (type: Type, shape: readonly number[], reach: number, seed: number): TestTensor => {
  const next = randomNumbers(seed)
  const size = shape.reduce((a, b) => a * b, 1)
  const centre = type === 'uint8' ? 128 : 0
  return { shape, type, values: Array.from({ length: size }, () => centre + Math.round(reach * next())) }
}
export const real = (value: number): TestTensor => ({ shape: [], values: [Math.fround(value)] })
export const reals = (...values: number[]): TestTensor => ({ shape: [values.length], values: values.map(Math.fround) })
export const integer = (type: Type, value: number): TestTensor => ({ shape: [], type, values: [value] })

export const node = (
  operator: string,
  inputs: string,
  outputs: string,
  attributes: Record<string, TestAttribute> = {},
  domain = '',
): TestNode => ({ operator, domain, attributes, inputs: inputs.split(' '), outputs: outputs.split(' ') })
export const contrib = (
  operator: string,
  inputs: string,
  output: string,
  attributes: Record<string, TestAttribute> = {},
) => node(operator, inputs, output, attributes, 'com.microsoft')

export function model(
  nodes: readonly TestNode[],
  constants: Record<string, TestTensor>,
  changes: Partial<TestModel> = {},
) {
  return writeModel({
    opset: 13,
    irVersion: 7,
    inputs: [{ name: 'x', shape: [1, 2, 6, 6] }],
    outputs: [{ name: 'y', shape: [] }],
    nodes,
    constants,
    ...changes,
  })
}

export const pair = (input: string, scale: string, zero: string, output: string): TestNode[] => [
  node('QuantizeLinear', `${input} ${scale} ${zero}`, `${output}_q`),
  node('DequantizeLinear', `${output}_q ${scale} ${zero}`, output),
]

/** Scales and zero points by the letter of the value: x in [−1, 1], a at least zero, y of both signs. */
export const grids = {
  xs: real(1 / 127),
  xz: integer('uint8', 128),
  as: real(0.02),
  az: integer('uint8', 0),
  ys: real(0.03),
  yz: integer('uint8', 120),
}

/** Our evaluator on integers against ONNX Runtime without its optimiser, in steps of the output. */
export async function stepsFromRuntime(bytes: Uint8Array, step: number, seeds = 8): Promise<number> {
  const onIntegers = importModel(bytes, { onIntegers: true })
  const { layout, onnxShape, name: inputName } = onIntegers.input
  const reference = await openReference(bytes, { inputName, layout, onnxShape, literal: true })
  let most = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const sample = randomSample(sizeOf(onIntegers.input.shape), seed).map(Math.fround)
    const expected = await reference.run(sample)
    const found = applyFinish(onIntegers.finish, runLayers(onIntegers, sample))
    most = Math.max(most, ...found.map((value, index) => Math.abs(value - expected[index]) / step))
  }
  await reference.close()
  return most
}
