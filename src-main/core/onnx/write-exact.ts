import type { ActivationLayer, MaxPoolLayer } from '../network/layer-model.ts'
import { lastOf, present } from '../must.ts'
import { rowOf } from '../network/activation-table.ts'
import type { Spelling } from '../network/activation-table.ts'
import { writeFakeQuantize } from './write-fake-quantize.ts'
import type { OnnxBuilder } from './onnx-builder.ts'
import type { ExactLayer } from '../network/polynomial-model.ts'

/** An exact layer as ONNX nodes (opset 17). */
export const writeExact = (onnx: OnnxBuilder, layer: ExactLayer, x: string): string =>
  layer.kind === 'max-pool' ? writeMaxPool(onnx, layer, x) : writeActivation(onnx, layer, x)

function writeMaxPool(onnx: OnnxBuilder, { kernel, strides, dilations, pads }: MaxPoolLayer, x: string): string {
  return onnx.node('MaxPool', [x], { kernel_shape: kernel, strides, dilations, pads })
}

function writeActivation(onnx: OnnxBuilder, { activation, shape }: ActivationLayer, x: string): string {
  const { operator, parameters } = activation
  if (activation.steps) return writeSteps(onnx, activation, shape, x)
  const parameter = (name: string): string => constantOf(onnx, present(parameters[name]))
  const number = (name: string): number => Number(parameters[name])
  if (operator === 'Polynomial') {
    const coefficients = Object.keys(parameters).map(parameter)
    return coefficients.reduceRight((sum, next) => onnx.node('Add', [onnx.node('Mul', [sum, x]), next]))
  }
  if (operator === 'FakeQuantize') {
    const [scale, zero, min, max] = [number('scale'), number('zero'), number('min'), number('max')]
    return writeFakeQuantize(onnx, x, { scale, zero, min, max }, number('away') === 1)
  }
  const numbers = Object.entries(parameters).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  const spelling: Spelling = {
    node: (name, inputs, attributes) => onnx.node(name, inputs, {}, attributes),
    number: (value) => constantOf(onnx, value),
    parameter,
    attributes: Object.fromEntries(numbers),
  }
  return rowOf(operator).write(spelling, x)
}

/** One number, or one for each channel. */
const constantOf = (onnx: OnnxBuilder, value: number | Float64Array): string =>
  typeof value === 'number' ? onnx.floats([value], [1]) : onnx.floats(value, [value.length, 1, 1])

/** Operators that take or give bools in ONNX, where an expression has numbers. */
const TAKE_BOOLS = new Set(['And', 'Or', 'Xor', 'Not', 'Where'])
const GIVE_BOOLS = new Set([
  ...TAKE_BOOLS,
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'IsNaN',
  'IsInf',
])
const [FLOAT, INT64, BOOL] = [1, 7, 9]

function writeSteps(
  onnx: OnnxBuilder,
  { steps = [], parameters }: ActivationLayer['activation'],
  shape: ActivationLayer['shape'],
  x: string,
): string {
  const values: string[] = []
  const cast = (value: string, to: number) => onnx.node('Cast', [value], { to })
  for (const { operator, inputs, parameters: own } of steps) {
    const read = inputs.map((input) => {
      if (input === 'x') return x
      if (typeof input === 'number') return present(values[input])
      return constantOf(onnx, present(parameters[input]))
    })
    values.push(own ? writeOwn(operator, own, present(read[0])) : writeStep(operator, read))
  }
  return lastOf(values)

  function writeOwn(operator: string, own: Readonly<Record<string, number>>, input: string): string {
    const activation = { operator, parameters: own }
    return writeActivation(onnx, { kind: 'activation', id: '', sources: [], shape, input: '', activation }, input)
  }

  function writeStep(operator: string, read: readonly string[]): string {
    if (operator === 'Truncate') return cast(cast(present(read[0]), INT64), FLOAT)
    if (operator === 'Truth') return cast(cast(present(read[0]), BOOL), FLOAT)
    const isTruth = (index: number) => TAKE_BOOLS.has(operator) && (operator !== 'Where' || index === 0)
    const result = onnx.node(
      operator,
      read.map((value, index) => (isTruth(index) ? cast(value, BOOL) : value)),
    )
    return GIVE_BOOLS.has(operator) && operator !== 'Where' ? cast(result, FLOAT) : result
  }
}
