import { InternalError } from '../errors.ts'
import { elementWise } from './element-wise.ts'
import { erf } from './erf.ts'
import type { Activation } from './layer-model.ts'
import { fakeQuantizeFunction } from './fake-quantize.ts'
import type { Degree } from './polynomial-model.ts'

export type RealFunction = (x: number) => number

type Parameter = (name: string) => number

/** ONNX's own definition of each activation (https://onnx.ai/onnx/operators/), attributes resolved. */
const definitions: Readonly<Record<string, (parameter: Parameter) => RealFunction>> = {
  Relu: () => (x) => (x < 0 ? 0 : x),
  LeakyRelu: leaky('alpha'),
  PRelu: leaky('slope'),
  Elu: (parameter) => elu(parameter('alpha')),
  Celu: (parameter) => {
    const alpha = parameter('alpha')
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha))
  },
  Selu: (parameter) => {
    const gamma = parameter('gamma')
    const negative = elu(parameter('alpha'))
    return (x) => gamma * negative(x)
  },
  Sigmoid: () => sigmoid,
  HardSigmoid: (parameter) => hardSigmoid(parameter('alpha'), parameter('beta')),
  Tanh: () => Math.tanh,
  Softplus: () => softplus,
  Softsign: () => (x) => x / (1 + Math.abs(x)),
  Swish: (parameter) => {
    const alpha = parameter('alpha')
    return (x) => x * sigmoid(alpha * x)
  },
  HardSwish: () => {
    const gate = hardSigmoid(1 / 6, 0.5)
    return (x) => x * gate(x)
  },
  Mish: () => (x) => x * Math.tanh(softplus(x)),
  /** `tanh` = 1 is ONNX's approximate="tanh". */
  Gelu: (parameter) => (parameter('tanh') ? geluByTanh : (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  Clip: (parameter) => {
    const [low, high] = [parameter('min'), parameter('max')]
    return (x) => Math.min(high, Math.max(low, x))
  },
  ThresholdedRelu: (parameter) => {
    const alpha = parameter('alpha')
    return (x) => (x > alpha ? x : 0)
  },
  Square: () => (x) => x * x,
}

/** What the integers of a quantised file compute, by which its network is judged; no network has it. */
const onIntegers: typeof definitions = {
  FakeQuantize: (parameter) => {
    const [scale, zero, min, max] = ['scale', 'zero', 'min', 'max'].map(parameter)
    return fakeQuantizeFunction({ scale, zero, min, max }, parameter('away') ? 'away' : 'even')
  },
}

export const activationNames: readonly string[] = Object.keys(definitions)

/** The scalar function of one channel. */
export function activationFunction(activation: Activation, channel = 0): RealFunction {
  if (activation.steps) return expression(activation, channel)
  const polynomial = coefficientsOf(activation, channel)
  if (polynomial) return (x) => polynomial.reduceRight((sum, coefficient) => sum * x + coefficient, 0)
  const table = Object.hasOwn(onIntegers, activation.operator) ? onIntegers : definitions
  if (!Object.hasOwn(table, activation.operator)) {
    throw new InternalError(`“${activation.operator}” is not a known activation`)
  }
  return table[activation.operator]((name) => {
    const value = activation.parameters[name]
    if (value === undefined) throw new InternalError(`${activation.operator} lacks its parameter “${name}”`)
    return at(value, channel)
  })
}

/** Lowest power first, of an activation that is a polynomial; undefined of others. */
export function coefficientsOf({ operator, parameters }: Activation, channel = 0): readonly number[] | undefined {
  if (operator === 'Square') return [0, 0, 1]
  if (operator !== 'Polynomial') return undefined
  return Object.values(parameters).map((value) => at(value, channel))
}

/** The degree in which an activation that is a polynomial can be computed; undefined of others, and above degree 8. */
export function ownDegreeOf(activation: Activation): Degree | undefined {
  const degree = (coefficientsOf(activation)?.length ?? Infinity) - 1
  return ([2, 4, 8] as const).find((candidate) => degree <= candidate)
}

const at = (value: number | Float64Array, channel: number): number =>
  typeof value === 'number' ? value : value[value.length === 1 ? 0 : channel]

/** The steps of an expression as one function. */
function expression({ steps = [], parameters }: Activation, channel: number): RealFunction {
  const functions = steps.map(({ operator, parameters: own }) =>
    own ? activationFunction({ operator, parameters: own }) : elementWise[operator],
  )
  const values = new Array<number>(steps.length)
  const readers = steps.map(({ inputs }) =>
    inputs.map((input) => {
      if (input === 'x') return (x: number) => x
      if (typeof input === 'number') return () => values[input]
      const constant = at(parameters[input], channel)
      return () => constant
    }),
  )
  return (x) => {
    for (let step = 0; step < steps.length; step++) {
      values[step] = functions[step](...(readers[step].map((read) => read(x)) as [number]))
    }
    return values[steps.length - 1]
  }
}

/** Whether channels differ, so that one function does not serve all. */
export const isPerChannel = (activation: Activation): boolean =>
  Object.values(activation.parameters).some((value) => typeof value !== 'number' && value.length > 1)

function leaky(name: string) {
  return (parameter: Parameter): RealFunction => {
    const slope = parameter(name)
    return (x) => (x < 0 ? slope * x : x)
  }
}

function elu(alpha: number): RealFunction {
  return (x) => (x < 0 ? alpha * Math.expm1(x) : x)
}

function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const power = Math.exp(x)
  return power / (1 + power)
}

const hardSigmoid =
  (alpha: number, beta: number): RealFunction =>
  (x) =>
    Math.min(1, Math.max(0, alpha * x + beta))

const softplus = (x: number): number => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)))

const geluByTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
