import type { AttributeValue } from '../../graph/graph.ts'
import { activationFunction } from '../../network/activations.ts'

export interface NamedActivation {
  readonly operator: string
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly factor: number
}

/** Points on which functions are compared: both tails, both sides of every kink, nothing symmetric by chance. */
const positive = [0.013, 0.11, 0.37, 0.52, 0.98, 1.03, 1.7, 2.3, 2.96, 3.04, 3.9, 5.1, 5.98, 6.03, 8.7, 13, 21]
const grid = Float64Array.from([0, ...positive, ...positive.map((x) => -x), ...positive.map((x) => -x * 1.07)])

/** Exporters round √2 and √(2/π) to five digits and more. */
const tolerance = 2e-5

type Candidate = (at: (x: number) => number) => Readonly<Record<string, AttributeValue>> | undefined

/** What an expression may turn out to be, with parameters read off the expression itself. */
const candidates: Readonly<Record<string, Candidate>> = {
  Square: () => ({}),
  Relu: () => ({}),
  Swish: (at) => {
    const alpha = Math.log(-at(1) / at(-1))
    return Number.isFinite(alpha) ? { alpha: Math.abs(alpha - 1) < tolerance ? 1 : alpha } : undefined
  },
  Gelu: () => ({ approximate: 'none' }),
  HardSwish: () => ({}),
  Mish: () => ({}),
  Softplus: () => ({}),
  Softsign: () => ({}),
  Sigmoid: () => ({}),
  Tanh: () => ({}),
  LeakyRelu: (at) => ({ alpha: at(-1) / -at(1) }),
  Elu: (at) => ({ alpha: -at(-40) / at(1) }),
  Clip: (at) => ({ min: at(-1e6), max: at(1e6) }),
}

/**
 * The activation A and the factor k for which the expression is k·A(x) on the whole grid, if there is one. `evaluate`
 * computes the expression at each point; NaN (a logarithm of something negative) is no activation.
 */
export function nameActivation(evaluate: (points: Float64Array) => Float64Array): NamedActivation | undefined {
  const at = (x: number): number => evaluate(Float64Array.of(x))[0]
  const values = evaluate(grid)
  if (!values.every(Number.isFinite)) return undefined
  for (const [operator, parametersOf] of Object.entries(candidates)) {
    const attributes = parametersOf(at)
    if (!attributes) continue
    for (const variant of variantsOf(operator, attributes)) {
      const parameters = numericOnly(variant)
      if (!Object.values(parameters).every(Number.isFinite)) continue
      const apply = activationFunction({ operator, parameters })
      const factor = values[grid.indexOf(1.03)] / apply(1.03)
      if (!Number.isFinite(factor) || factor === 0) continue
      if (values.every((value, index) => isClose(value, factor * apply(grid[index])))) {
        return { operator, attributes: variant, factor: Math.abs(factor - 1) < tolerance ? 1 : factor }
      }
    }
  }
  return undefined
}

/** Gelu has two definitions; the others have one. */
function variantsOf(operator: string, attributes: Readonly<Record<string, AttributeValue>>) {
  return operator === 'Gelu' ? [attributes, { approximate: 'tanh' }] : [attributes]
}

const numericOnly = (attributes: Readonly<Record<string, AttributeValue>>): Record<string, number> => ({
  ...('approximate' in attributes && { tanh: attributes.approximate === 'tanh' ? 1 : 0 }),
  ...Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  ),
})

const isClose = (left: number, right: number): boolean =>
  Math.abs(left - right) <= tolerance * Math.max(1e-2, Math.abs(left), Math.abs(right))
