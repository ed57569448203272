import { invariant } from '../errors.ts'
import type { ActivationLayer, MaxPoolLayer } from '../network/layer-model.ts'
import type { OnnxBuilder } from './onnx-builder.ts'
import type { ExactLayer } from '../network/polynomial-model.ts'

/** An exact layer as ONNX nodes (opset 17). */
export const writeExact = (onnx: OnnxBuilder, layer: ExactLayer, x: string): string =>
  layer.kind === 'max-pool' ? writeMaxPool(onnx, layer, x) : writeActivation(onnx, layer, x)

function writeMaxPool(onnx: OnnxBuilder, { kernel, strides, dilations, pads }: MaxPoolLayer, x: string): string {
  return onnx.node('MaxPool', [x], { kernel_shape: kernel, strides, dilations, pads })
}

/** Operators that ONNX has with the same number attributes. */
const ALIKE = new Set(['Relu', 'Elu', 'Celu', 'Selu', 'Sigmoid', 'HardSigmoid', 'Tanh', 'Softplus', 'Softsign'])

function writeActivation(onnx: OnnxBuilder, { activation, shape }: ActivationLayer, x: string): string {
  const { operator, parameters } = activation
  if (activation.steps) return writeSteps(onnx, activation, shape, x)
  const number = (value: number) => onnx.floats([value], [1])
  const of = (name: string) => {
    const value = parameters[name]
    return typeof value === 'number' ? number(value) : onnx.floats(value, [value.length, 1, 1])
  }
  const half = (factor: string) => onnx.node('Mul', [onnx.node('Mul', [x, number(0.5)]), factor])
  const onePlus = (value: string) => onnx.node('Add', [value, number(1)])
  if (ALIKE.has(operator)) {
    const attributes = Object.entries(parameters).filter(([, value]) => typeof value === 'number')
    return onnx.node(operator, [x], {}, Object.fromEntries(attributes) as Record<string, number>)
  }
  switch (operator) {
    case 'LeakyRelu':
      return onnx.node('PRelu', [x, of('alpha')])
    case 'PRelu':
      return onnx.node('PRelu', [x, of('slope')])
    case 'Clip':
      return onnx.node('Min', [onnx.node('Max', [x, of('min')]), of('max')])
    case 'ThresholdedRelu':
      return onnx.node('ThresholdedRelu', [x], {}, { alpha: parameters.alpha as number })
    case 'Swish':
      return onnx.node('Mul', [x, onnx.node('Sigmoid', [onnx.node('Mul', [x, of('alpha')])])])
    case 'HardSwish':
      return onnx.node('HardSwish', [x])
    case 'Mish':
      return onnx.node('Mul', [x, onnx.node('Tanh', [onnx.node('Softplus', [x])])])
    case 'Polynomial':
      return Object.keys(parameters)
        .map(of)
        .reduceRight((sum, coefficient) => onnx.node('Add', [onnx.node('Mul', [sum, x]), coefficient]))
    case 'Square':
      return onnx.node('Mul', [x, x])
  }
  invariant(operator === 'Gelu', `no ONNX form of ${operator}`, { layer: shape.join(' × ') })
  if (!parameters.tanh) return half(onePlus(onnx.node('Erf', [onnx.node('Mul', [x, number(Math.SQRT1_2)])])))
  const cube = onnx.node('Mul', [onnx.node('Mul', [x, x]), x])
  const inner = onnx.node('Add', [x, onnx.node('Mul', [cube, number(0.044715)])])
  return half(onePlus(onnx.node('Tanh', [onnx.node('Mul', [inner, number(Math.sqrt(2 / Math.PI))])])))
}

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
      if (typeof input === 'number') return values[input]
      const value = parameters[input]
      return typeof value === 'number' ? onnx.floats([value], [1]) : onnx.floats(value, [value.length, 1, 1])
    })
    values.push(own ? writeOwn(operator, own, read[0]) : writeStep(operator, read))
  }
  return values[values.length - 1]

  function writeOwn(operator: string, own: Readonly<Record<string, number>>, input: string): string {
    const activation = { operator, parameters: own }
    return writeActivation(onnx, { kind: 'activation', id: '', sources: [], shape, input: '', activation }, input)
  }

  function writeStep(operator: string, read: readonly string[]): string {
    if (operator === 'Truncate') return cast(cast(read[0], INT64), FLOAT)
    if (operator === 'Truth') return cast(cast(read[0], BOOL), FLOAT)
    const isTruth = (index: number) => TAKE_BOOLS.has(operator) && (operator !== 'Where' || index === 0)
    const result = onnx.node(
      operator,
      read.map((value, index) => (isTruth(index) ? cast(value, BOOL) : value)),
    )
    return GIVE_BOOLS.has(operator) && operator !== 'Where' ? cast(result, FLOAT) : result
  }
}
