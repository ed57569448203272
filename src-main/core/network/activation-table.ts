import { InternalError } from '../errors.ts'
import { erf } from './erf.ts'
import type { Activation } from './layer-model.ts'

export type RealFunction = (x: number) => number

type Parameter = (name: string) => number

/** The function of one channel, with its parameters. */
export type Definition = (parameter: Parameter) => RealFunction

/** What a row writes itself with: nodes of opset 17. */
export interface Spelling {
  /** Adds a node and returns its output's name. */
  node(operator: string, inputs: readonly string[], numbers?: Readonly<Record<string, number>>): string
  number(value: number): string
  /** A parameter as a constant: one number, or one for each channel. */
  parameter(name: string): string
  /** The parameters that are one number. */
  readonly attributes: Readonly<Record<string, number>>
}

/** All that the project knows of an activation, except how the importer reads its attributes (`operators/index.ts`). */
interface ActivationRow {
  /** ONNX's own definition (https://onnx.ai/onnx/operators/), attributes resolved. */
  readonly definition: Definition
  /** The name of its value for the input `x`. */
  readonly write: (onnx: Spelling, x: string) => string
  /**
   * The parameters that it would have, were it a multiple of the function `at`; undefined for those that it cannot be. Rows without it are
   * not looked for in expressions. Several where the definitions of one name differ.
   */
  readonly recognise?: (at: RealFunction) => readonly Readonly<Record<string, number>>[]
  /** Whether it never falls, with these parameters: then it may change places with a maximum. Absent where it can fall. */
  readonly rises?: (parameters: Activation['parameters']) => boolean
  /** What its values cannot leave, where both ends are known without its parameters. */
  readonly range?: readonly [least: number, greatest: number]
}

/** ONNX has an operator of this name and with these number attributes. */
const alike =
  (operator: string): ActivationRow['write'] =>
  (onnx, x) =>
    onnx.node(operator, [x], onnx.attributes)

const always = (): boolean => true

const unlessNegative =
  (...names: readonly string[]) =>
  (parameters: Activation['parameters']): boolean =>
    names.every((name) =>
      [parameters[name]].every((value) => (typeof value === 'number' ? value >= 0 : value.every((each) => each >= 0))),
    )

const plain = (): readonly Readonly<Record<string, number>>[] => [{}]

/** Exporters round √2 and √(2/π) to five digits and more. */
export const ROUNDED = 2e-5

/** In the order in which expressions are compared with them. */
const rows = {
  Square: {
    definition: () => (x) => x * x,
    write: (onnx, x) => onnx.node('Mul', [x, x]),
    recognise: plain,
  },
  Relu: { definition: () => (x) => (x < 0 ? 0 : x), write: alike('Relu'), recognise: plain, rises: always },
  Swish: {
    definition: (parameter) => {
      const alpha = parameter('alpha')
      return (x) => x * sigmoid(alpha * x)
    },
    write: (onnx, x) => onnx.node('Mul', [x, onnx.node('Sigmoid', [onnx.node('Mul', [x, onnx.parameter('alpha')])])]),
    recognise: (at) => {
      const alpha = Math.log(-at(1) / at(-1))
      return [{ alpha: Math.abs(alpha - 1) < ROUNDED ? 1 : alpha }]
    },
  },
  /** `tanh` = 1 is ONNX's approximate="tanh". */
  Gelu: {
    definition: (parameter) => (parameter('tanh') ? geluByTanh : (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
    write: (onnx, x) => {
      const gate = onnx.attributes.tanh ? tanhOfGelu(onnx, x) : onnx.node('Erf', [times(onnx, x, Math.SQRT1_2)])
      return onnx.node('Mul', [times(onnx, x, 0.5), onnx.node('Add', [gate, onnx.number(1)])])
    },
    recognise: () => [{ tanh: 0 }, { tanh: 1 }],
  },
  HardSwish: {
    definition: () => {
      const gate = hardSigmoid(1 / 6, 0.5)
      return (x) => x * gate(x)
    },
    write: alike('HardSwish'),
    recognise: plain,
  },
  Mish: {
    definition: () => (x) => x * Math.tanh(softplus(x)),
    write: (onnx, x) => onnx.node('Mul', [x, onnx.node('Tanh', [onnx.node('Softplus', [x])])]),
    recognise: plain,
  },
  Softplus: { definition: () => softplus, write: alike('Softplus'), recognise: plain, rises: always },
  Softsign: {
    definition: () => (x) => x / (1 + Math.abs(x)),
    write: alike('Softsign'),
    recognise: plain,
    rises: always,
    range: [-1, 1],
  },
  Sigmoid: { definition: () => sigmoid, write: alike('Sigmoid'), recognise: plain, rises: always, range: [0, 1] },
  Tanh: { definition: () => Math.tanh, write: alike('Tanh'), recognise: plain, rises: always, range: [-1, 1] },
  LeakyRelu: {
    definition: leaky('alpha'),
    write: (onnx, x) => onnx.node('PRelu', [x, onnx.parameter('alpha')]),
    recognise: (at) => [{ alpha: at(-1) / -at(1) }],
    rises: unlessNegative('alpha'),
  },
  Elu: {
    definition: (parameter) => elu(parameter('alpha')),
    write: alike('Elu'),
    recognise: (at) => [{ alpha: -at(-40) / at(1) }],
    rises: unlessNegative('alpha'),
  },
  Clip: {
    definition: (parameter) => {
      const [low, high] = [parameter('min'), parameter('max')]
      return (x) => Math.min(high, Math.max(low, x))
    },
    write: (onnx, x) => onnx.node('Min', [onnx.node('Max', [x, onnx.parameter('min')]), onnx.parameter('max')]),
    recognise: (at) => [{ min: at(-1e6), max: at(1e6) }],
    rises: always,
  },
  PRelu: { definition: leaky('slope'), write: (onnx, x) => onnx.node('PRelu', [x, onnx.parameter('slope')]) },
  Celu: {
    definition: (parameter) => {
      const alpha = parameter('alpha')
      return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha))
    },
    write: alike('Celu'),
    rises: always,
  },
  Selu: {
    definition: (parameter) => {
      const gamma = parameter('gamma')
      const negative = elu(parameter('alpha'))
      return (x) => gamma * negative(x)
    },
    write: alike('Selu'),
    rises: unlessNegative('alpha', 'gamma'),
  },
  HardSigmoid: {
    definition: (parameter) => hardSigmoid(parameter('alpha'), parameter('beta')),
    write: alike('HardSigmoid'),
    rises: unlessNegative('alpha'),
    range: [0, 1],
  },
  ThresholdedRelu: {
    definition: (parameter) => {
      const alpha = parameter('alpha')
      return (x) => (x > alpha ? x : 0)
    },
    write: alike('ThresholdedRelu'),
  },
} satisfies Readonly<Record<string, ActivationRow>>

export const activationTable: Readonly<Record<string, ActivationRow>> = rows

export const activationNames: readonly string[] = Object.keys(rows)

/** Those that never fall, for the parameters that networks have. */
export const risingNames: readonly string[] = activationNames.filter((name) => activationTable[name].rises)

/** @throws InternalError for a name that is no activation */
export function rowOf(operator: string): ActivationRow {
  if (!Object.hasOwn(activationTable, operator)) throw new InternalError(`“${operator}” is not a known activation`)
  return activationTable[operator]
}

const times = (onnx: Spelling, x: string, factor: number): string => onnx.node('Mul', [x, onnx.number(factor)])

function tanhOfGelu(onnx: Spelling, x: string): string {
  const cube = onnx.node('Mul', [onnx.node('Mul', [x, x]), x])
  const inner = onnx.node('Add', [x, times(onnx, cube, 0.044715)])
  return onnx.node('Tanh', [times(onnx, inner, Math.sqrt(2 / Math.PI))])
}

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
