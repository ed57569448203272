import type { Tensor } from '../../graph/graph.ts'
import { broadcastTo, rearrange } from '../../graph/rearrange.ts'
import { broadcastShapes, countOf, sameShape } from '../../graph/shapes.ts'
import { hasAttribute } from '../../graph/attributes.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { shapeOf, type Constant, type Value, type View } from '../values.ts'

/** Element-wise operators of two inputs, broadcast by numpy's rule. */
type Compute = (left: number, right: number) => number

/** Add, Sub: https://onnx.ai/onnx/operators/onnx__Add.html */
export const add: Operator = additive(1, (left, right) => left + right)
export const sub: Operator = additive(-1, (left, right) => left - right)

function additive(sign: 1 | -1, compute: Compute): Operator {
  return {
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

/** Mul: https://onnx.ai/onnx/operators/onnx__Mul.html; x·x has become Square before. */
export const mul: Operator = {
  fold: foldWith((left, right) => left * right),
  lower(operation) {
    const { left, right, shape } = operandsOf(operation)
    if (left.kind === 'view' && right.kind === 'view') {
      throw operation.refuse(
        'it multiplies two values that both depend on the input',
        'Squeeze-and-excitation and attention cannot be protected; retrain without them.',
        shape,
      )
    }
    const [view, tensor] = viewAndTensor(left, right)
    return operation.network.affine(view, shape, tensor, undefined)
  },
}

/** Div: https://onnx.ai/onnx/operators/onnx__Div.html; integers are cut towards zero. */
export const div: Operator = {
  fold(operation) {
    const isInteger = operation.constant(0).elementType !== 'float' && operation.constant(1).elementType !== 'float'
    return foldWith((left, right) => (isInteger ? Math.trunc(left / right) : left / right))(operation)
  },
  lower(operation) {
    const { left, right, shape } = operandsOf(operation)
    if (right.kind === 'view') {
      throw operation.refuse('it divides by a value that depends on the input', 'Divide by a constant.', shape)
    }
    if (right.tensor.data.some((value) => value === 0)) throw operation.malformed('it divides by zero')
    const inverse = { ...right.tensor, data: right.tensor.data.map((value) => 1 / value) }
    return operation.network.affine(left as View, shape, inverse, undefined)
  },
}

export function foldWith(compute: Compute): (operation: FoldOperation) => Tensor {
  return (operation) => {
    const [left, right] = [operation.constant(0), operation.constant(1)]
    const shape = broadcastShapes(left.shape, right.shape)
    const spread = (tensor: Tensor): Float64Array =>
      sameShape(tensor.shape, shape) ? tensor.data : rearrange(tensor.data, broadcastTo(tensor.shape, shape))
    const [a, b] = [spread(left), spread(right)]
    return { elementType: left.elementType, shape, data: a.map((value, index) => compute(value, b[index])) }
  }
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
export const sum: Operator = addition(() => 1)
export const mean: Operator = addition((count) => 1 / count)

function addition(factorOf: (count: number) => number): Operator {
  return {
    lower(operation) {
      const values = operation.inputs.map((_, index) => operation.value(index))
      const shape = values.map(shapeOf).reduce(broadcastShapes)
      const factor = factorOf(values.length)
      const parts = values.flatMap((value: Value) => (value.kind === 'view' ? [{ view: value, factor }] : []))
      const constants = values.flatMap((value) => (value.kind === 'constant' ? [value.tensor] : []))
      const shift = constants.length > 0 ? new Float64Array(countOf(shape)) : undefined
      for (const tensor of constants) {
        const spread = rearrange(tensor.data, broadcastTo(tensor.shape, shape))
        spread.forEach((value, index) => (shift![index] += factor * value))
      }
      return operation.network.sum(parts, shape, shift)
    },
  }
}
