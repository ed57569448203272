import type { Tensor } from '../../graph/graph.ts'
import { broadcastTo, rearrange } from '../../graph/rearrange.ts'
import { broadcastShapes, countOf } from '../../graph/shapes.ts'
import { hasAttribute } from '../../graph/attributes.ts'
import { apply } from './activation.ts'
import { combine, pointwise } from './pointwise.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { shapeOf, type Constant, type Value, type View } from '../values.ts'
import { present } from '../../must.ts'

/** Element-wise operators of two inputs, broadcast by numpy's rule. */
type Compute = (left: number, right: number) => number

/** Add, Sub: https://onnx.ai/onnx/operators/onnx__Add.html */
export const add: Operator = additive(1, (left, right) => left + right)
export const sub: Operator = additive(-1, (left, right) => left - right)

function additive(sign: 1 | -1, compute: Compute): Operator {
  return {
    pointwise: () => ({ operator: sign === 1 ? 'Add' : 'Sub' }),
    fold: foldWith(compute),
    lower(operation) {
      const { left, right, shape } = operandsOf(operation)
      const { network } = operation
      if (left.kind === 'view' && right.kind === 'view') {
        const parts = [
          { view: left, factor: 1 },
          { view: right, factor: sign },
        ]
        return network.sum(parts, shape)
      }
      const [view, tensor] = viewAndTensor(left, right)
      if (sign === 1) return network.affine(view, shape, undefined, tensor)
      return left.kind === 'view'
        ? network.affine(view, shape, undefined, negative(tensor))
        : network.affine(view, shape, scalar(-1), tensor)
    },
  }
}

/** Mul: https://onnx.ai/onnx/operators/onnx__Mul.html; products of one value have become activations before. */
export const mul: Operator = {
  pointwise: () => ({ operator: 'Mul' }),
  fold: foldWith((left, right) => left * right),
  lower(operation) {
    const { left, right, shape } = operandsOf(operation)
    if (left.kind === 'view' && right.kind === 'view') {
      return product(operation, left, right, shape)
    }
    const [view, tensor] = viewAndTensor(left, right)
    return operation.network.affine(view, shape, tensor, undefined)
  },
}

/**
 * The product of two branches, as in squeeze-and-excitation and gated linear units, by squarings: one level of squaring
 * and one linear map around it on either side, as for any activation.
 * Formula: a·b = ((a + b)/2)² − ((a − b)/2)².
 */
export function product(operation: Operation, left: View, right: View, shape: readonly number[]): View {
  const { network } = operation
  const square = (factor: number): View => {
    const parts = [
      { view: left, factor: 0.5 },
      { view: right, factor },
    ]
    return apply(operation, network.sum(parts, shape), { operator: 'Square', parameters: {} })
  }
  const parts = [
    { view: square(0.5), factor: 1 },
    { view: square(-0.5), factor: -1 },
  ]
  return network.sum(parts, shape)
}

/**
 * Max, Min: https://onnx.ai/onnx/operators/onnx__Max.html; with constants they have become activations before.
 * Formula: max(a, b) = b + relu(a − b), min(a, b) = b − relu(b − a).
 */
export const max: Operator = extreme('Max', 1)
export const min: Operator = extreme('Min', -1)

function extreme(operator: string, sign: 1 | -1): Operator {
  return {
    ...pointwise(operator),
    lower(operation) {
      const values = operation.inputs.map((_, index) => operation.value(index))
      const shape = values.map(shapeOf).reduce(broadcastShapes)
      const views = values.filter((value) => value.kind === 'view')
      if (views.length < values.length)
        throw operation.refuse('it compares several values and a constant', undefined, shape)
      return extremeOf(operation, views, shape, sign)
    },
  }
}

/** The greatest of some values, or with −1 the least, element by element. Formula: max(a, b) = b + Relu(a − b), in pairs. */
export function extremeOf(operation: Operation, views: readonly View[], shape: readonly number[], sign: 1 | -1): View {
  const { network } = operation
  if (views.length === 1) return views[0]
  const [left, right] = [views.slice(0, views.length / 2), views.slice(views.length / 2)].map((half) =>
    extremeOf(operation, half, shape, sign),
  )
  const difference = [
    { view: left, factor: sign },
    { view: right, factor: -sign },
  ]
  const excess = apply(operation, network.sum(difference, shape), { operator: 'Relu', parameters: {} })
  const parts = [
    { view: right, factor: 1 },
    { view: excess, factor: sign },
  ]
  return network.sum(parts, shape)
}

/** Div: https://onnx.ai/onnx/operators/onnx__Div.html; integers are cut towards zero. */
export const div: Operator = {
  pointwise: () => ({ operator: 'Div' }),
  fold(operation) {
    const isInteger = operation.constant(0).elementType !== 'float' && operation.constant(1).elementType !== 'float'
    return foldWith((left, right) => (isInteger ? Math.trunc(left / right) : left / right))(operation)
  },
  lower(operation) {
    const { left, right, shape } = operandsOf(operation)
    if (right.kind === 'view') {
      throw operation.refuse(
        'it divides by a value that depends on the input',
        'Divide by a constant. A network that normalises by a mean, deviation or norm of its values is retrained with BatchNormalization, which is folded into weights.',
        shape,
      )
    }
    if (right.tensor.data.some((value) => value === 0)) throw operation.malformed('it divides by zero')
    const inverse = { ...right.tensor, data: right.tensor.data.map((value) => 1 / value) }
    return operation.network.affine(left as View, shape, inverse, undefined)
  },
}

/** Computes a node of two constants, which are broadcast as in NumPy. */
export function foldWith(compute: Compute): (operation: FoldOperation) => Tensor {
  return (operation) => combine(compute, operation.constant(0), operation.constant(1))
}

function operandsOf(operation: Operation) {
  if (operation.opset < 7 && hasAttribute(operation.node, 'axis')) {
    throw operation.refuse(
      'it broadcasts along an axis, as before operator set 7',
      'Export with operator set 7 or later.',
    )
  }
  if (operation.inputs.length !== 2) throw operation.malformed(`it has ${operation.inputs.length} inputs`)
  const [left, right] = [operation.value(0), operation.value(1)]
  return { left, right, shape: broadcastShapes(shapeOf(left), shapeOf(right)) }
}

function viewAndTensor(left: Constant | View, right: Constant | View): [View, Tensor] {
  return left.kind === 'view' ? [left, (right as Constant).tensor] : [right as View, left.tensor]
}

const scalar = (value: number): Tensor => ({ elementType: 'float', shape: [], data: Float64Array.of(value) })

const negative = (tensor: Tensor): Tensor => ({ ...tensor, data: tensor.data.map((value) => -value) })

/** Sum, Mean of any number of inputs: https://onnx.ai/onnx/operators/onnx__Sum.html */
export const sum: Operator = addition('Sum', () => 1)
export const mean: Operator = addition('Mean', (count) => 1 / count)

function addition(operator: string, factorOf: (count: number) => number): Operator {
  return {
    ...pointwise(operator),
    lower(operation) {
      const values = operation.inputs.map((_, index) => operation.value(index))
      const shape = values.map(shapeOf).reduce(broadcastShapes)
      const factor = factorOf(values.length)
      const parts = values.flatMap((value: Value) => (value.kind === 'view' ? [{ view: value, factor }] : []))
      const constants = values.flatMap((value) => (value.kind === 'constant' ? [value.tensor] : []))
      const shift = constants.length > 0 ? new Float64Array(countOf(shape)) : undefined
      for (const tensor of constants) {
        const spread = rearrange(tensor.data, broadcastTo(tensor.shape, shape))
        spread.forEach((value, index) => (present(shift)[index] += factor * value))
      }
      return operation.network.sum(parts, shape, shift)
    },
  }
}
