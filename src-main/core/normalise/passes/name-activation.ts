import { activationTable, ROUNDED } from '../../network/activation-table.ts'
import { activationFunction } from '../../network/activations.ts'

export interface NamedActivation {
  readonly operator: string
  readonly parameters: Readonly<Record<string, number>>
  readonly factor: number
}

/** Points on which functions are compared: both tails, both sides of every kink, nothing symmetric by chance. */
const positive = [0.013, 0.11, 0.37, 0.52, 0.98, 1.03, 1.7, 2.3, 2.96, 3.04, 3.9, 5.1, 5.98, 6.03, 8.7, 13, 21]
const grid = Float64Array.from([0, ...positive, ...positive.map((x) => -x), ...positive.map((x) => -x * 1.07)])

/**
 * The activation A and the factor k for which the expression is k·A(x) on the whole grid, if there is one. `evaluate`
 * computes the expression at each point; NaN (a logarithm of something negative) is no activation.
 */
export function nameActivation(evaluate: (points: Float64Array) => Float64Array): NamedActivation | undefined {
  const at = (x: number): number => evaluate(Float64Array.of(x))[0]
  const values = evaluate(grid)
  if (!values.every(Number.isFinite)) return undefined
  for (const [operator, { recognise }] of Object.entries(activationTable)) {
    for (const parameters of recognise?.(at) ?? []) {
      if (!Object.values(parameters).every(Number.isFinite)) continue
      const apply = activationFunction({ operator, parameters })
      const factor = values[grid.indexOf(1.03)] / apply(1.03)
      if (!Number.isFinite(factor) || factor === 0) continue
      if (values.every((value, index) => isClose(value, factor * apply(grid[index])))) {
        return { operator, parameters, factor: Math.abs(factor - 1) < ROUNDED ? 1 : factor }
      }
    }
  }
  return undefined
}

const isClose = (left: number, right: number): boolean =>
  Math.abs(left - right) <= ROUNDED * Math.max(1e-2, Math.abs(left), Math.abs(right))
