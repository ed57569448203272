import { InternalError } from '../errors.ts'
import { activationTable, rowOf } from './activation-table.ts'
import type { Definition, RealFunction } from './activation-table.ts'
import { elementWise } from './element-wise.ts'
import type { Activation } from './layer-model.ts'
import { fakeQuantizeFunction } from './fake-quantize.ts'
import { evaluatePolynomial } from '../numeric/monomials.ts'
import type { Degree } from './polynomial-model.ts'

/** What the integers of a quantised file compute, by which its network is judged; no network has it. */
const onIntegers: Readonly<Record<string, Definition>> = {
  FakeQuantize: (parameter) => {
    const [scale, zero, min, max] = ['scale', 'zero', 'min', 'max'].map(parameter)
    return fakeQuantizeFunction({ scale, zero, min, max }, parameter('away') ? 'away' : 'even')
  },
}

/** The scalar function of one channel. */
export function activationFunction(activation: Activation, channel = 0): RealFunction {
  if (activation.steps) return expression(activation, channel)
  const polynomial = coefficientsOf(activation, channel)
  if (polynomial) return (x) => evaluatePolynomial(polynomial, x)
  const { operator } = activation
  const definition = Object.hasOwn(onIntegers, operator) ? onIntegers[operator] : rowOf(operator).definition
  return definition((name) => {
    const value = activation.parameters[name]
    if (value === undefined) throw new InternalError(`${operator} lacks its parameter “${name}”`)
    return at(value, channel)
  })
}

/** Whether it may change places with a maximum. */
export const neverFalls = ({ operator, parameters }: Activation): boolean =>
  activationTable[operator]?.rises?.(parameters) ?? false

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
