import type { Tensor } from '../../graph/graph.ts'
import { broadcastTo, rearrange } from '../../graph/rearrange.ts'
import { broadcastShapes, sameShape } from '../../graph/shapes.ts'
import { elementWise } from '../../network/element-wise.ts'
import type { Operator } from '../operation.ts'
import { shapeOf } from '../values.ts'

/** Operators whose results are true or false, whatever they are of. */
const logical = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'IsInf', 'IsNaN', 'Less', 'LessOrEqual'])

/**
 * An element-wise operator by its function in `element-wise.ts`. Expressions of one value become activations before
 * (recognise-activations.ts), so what is lowered compares or combines several.
 */
export function pointwise(operator: string): Operator & Required<Pick<Operator, 'lower'>> {
  return {
    pointwise: () => ({ operator }),
    fold(operation) {
      const tensors = operation.inputs.map((_, index) => operation.constant(index))
      const result = combine(elementWise[operator], ...tensors)
      const typed = operator === 'Where' ? tensors[1].elementType : tensors[0].elementType
      return { ...result, elementType: logical.has(operator) ? 'bool' : typed }
    },
    lower(operation) {
      const shapes = operation.inputs.map((_, index) => shapeOf(operation.value(index)))
      const hint = 'Functions of one value can be protected, and sums, differences and products of two.'
      throw operation.refuse('it works on values that all depend on the input', hint, shapes.reduce(broadcastShapes))
    },
  }
}

/** compute(…) of each tuple of elements, broadcast by numpy's rule; the type is the first's. */
export function combine(compute: (...values: number[]) => number, ...tensors: readonly Tensor[]): Tensor {
  const shape = tensors.map((tensor) => tensor.shape).reduce(broadcastShapes)
  const [first, ...others] = tensors.map((tensor) =>
    sameShape(tensor.shape, shape) ? tensor.data : rearrange(tensor.data, broadcastTo(tensor.shape, shape)),
  )
  const [second] = others
  const data =
    others.length === 1
      ? first.map((value, index) => compute(value, second[index]))
      : first.map((value, index) => compute(value, ...others.map((other) => other[index])))
  return { elementType: tensors[0].elementType, shape, data }
}
