import type { Node, RecognisedActivation, Tensor } from '../../graph/graph.ts'
import { elementWise } from '../../network/element-wise.ts'
import type { ExpressionStep } from '../../network/layer-model.ts'
import { FoldOperation, type Pointwise } from '../operation.ts'
import { operatorOf } from '../operators/index.ts'
import { combine } from '../operators/pointwise.ts'
import { constantOf } from '../values.ts'
import { must, present } from '../../must.ts'

/** Element-wise nodes of one value as the steps of one function. */
export type Expression = Required<RecognisedActivation>

/** What a node computes of each element; undefined of operators that do not work element by element. */
export function pointwiseOf(node: Node, opset: number, constants: ReadonlyMap<string, Tensor>): Pointwise | undefined {
  const operator = operatorOf(node)
  if (!operator?.pointwise || node.outputs.length !== 1) return undefined
  const inputs = node.inputs.map((name) => {
    const tensor = constants.get(name)
    return tensor && constantOf(tensor)
  })
  const found = operator.pointwise(new FoldOperation(node, node.opset ?? opset, inputs))
  return hasItsInputs(node, found) ? found : undefined
}

/** A node that lacks inputs, or has too many, is left to lowering, which says so. */
function hasItsInputs({ inputs }: Node, { operator, parameters, inputs: used }: Pointwise): boolean {
  const given = inputs.slice(0, used).filter((name) => name !== '').length
  if (parameters) return given === 1
  return variadic.has(operator) ? given >= 1 : given === elementWise[operator].length
}

const variadic = new Set(['Max', 'Min', 'Sum', 'Mean'])

/** The nodes in their order, the last one the result; `variable` is the only value they read that is no constant. */
export function expressionOf(
  nodes: readonly Node[],
  variable: string,
  constants: ReadonlyMap<string, Tensor>,
  elementwiseOf: (node: Node) => Pointwise | undefined,
): Expression {
  const places = new Map<string, string | number>([[variable, 'x']])
  const parameters: Record<string, Tensor> = {}
  const place = (name: string): string | number => {
    const known = places.get(name)
    if (known !== undefined) return known
    const own = `c${Object.keys(parameters).length}`
    parameters[own] = must(constants, name)
    places.set(name, own)
    return own
  }
  const steps = nodes.map((node, index): ExpressionStep => {
    const { operator, parameters: own, inputs: arity } = present(elementwiseOf(node))
    const inputs = node.inputs
      .slice(0, arity)
      .filter((name) => name !== '')
      .map(place)
    places.set(node.outputs[0], index)
    return { operator, inputs, ...(own && { parameters: own }) }
  })
  return { operator: 'Expression', steps, constants: parameters }
}

/** Above this, values leave the range of numbers before they leave that of a network. */
const maximumDegree = 16

/** The coefficients, lowest power first, where the expression is a polynomial of its value; they may differ by channel. */
export function polynomialOf({ steps, constants }: Expression): readonly Tensor[] | undefined {
  const results: Tensor[][] = []
  const read = (input: string | number): readonly Tensor[] => {
    if (input === 'x') return [scalar(0), scalar(1)]
    return typeof input === 'number' ? results[input] : [constants[input]]
  }
  for (const { operator, inputs, parameters } of steps) {
    const result = parameters ? undefined : polynomialStep(operator, inputs.map(read))
    if (!result || result.length > maximumDegree + 1) return undefined
    results.push(result)
  }
  return results.at(-1)
}

function polynomialStep(
  operator: string,
  [left, right, ...others]: readonly (readonly Tensor[])[],
): Tensor[] | undefined {
  switch (operator) {
    case 'Identity':
      return [...left]
    case 'Neg':
      return scale(left, scalar(-1))
    case 'Add':
      return plus(left, right)
    case 'Sum':
      return others.reduce<Tensor[]>(plus, plus(left, right ?? [scalar(0)]))
    case 'Sub':
      return plus(left, scale(right, scalar(-1)))
    case 'Mul':
      return times(left, right)
    case 'Div':
      return right.length === 1 ? left.map((c) => combine((a, b) => a / b, c, right[0])) : undefined
    case 'Pow': {
      const power = right.length === 1 && right[0].data.length === 1 ? right[0].data[0] : NaN
      if (!Number.isInteger(power) || power < 1 || power > maximumDegree) return undefined
      return Array.from({ length: power - 1 }).reduce<Tensor[]>((product) => times(product, left), [...left])
    }
  }
  return undefined
}

const scalar = (value: number): Tensor => ({ elementType: 'float', shape: [], data: Float64Array.of(value) })

const scale = (poly: readonly Tensor[], factor: Tensor): Tensor[] =>
  poly.map((coefficient) => combine((a, b) => a * b, coefficient, factor))

const plus = (left: readonly Tensor[], right: readonly Tensor[]): Tensor[] =>
  Array.from({ length: Math.max(left.length, right.length) }, (_, power) =>
    combine((a, b) => a + b, left[power] ?? scalar(0), right[power] ?? scalar(0)),
  )

const times = (left: readonly Tensor[], right: readonly Tensor[]): Tensor[] =>
  left
    .map((factor, power) => [...new Array<Tensor>(power).fill(scalar(0)), ...scale(right, factor)])
    .reduce(plus, [scalar(0)])
