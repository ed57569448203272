import type { Rearrangement } from '../../graph/rearrange.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { constantOf, rearrangeTensor, rearrangeView } from '../values.ts'

/** An operator that only moves elements of its first input: the same rule for constants and for the network's values. */
export function rearranging(
  rule: (operation: FoldOperation, shape: readonly number[], axis: AxisRule) => Rearrangement | Rearrangement[],
): Operator {
  return {
    fold(operation) {
      const tensor = operation.constant(0)
      const changes = rule(operation, tensor.shape, (axis) => axis)
      return [changes].flat().map((change) => rearrangeTensor(tensor, change))
    },
    lower(operation: Operation) {
      const value = operation.value(0)
      if (value.kind === 'constant') {
        const changes = rule(operation, value.tensor.shape, (axis) => axis)
        return [changes].flat().map((change) => constantOf(rearrangeTensor(value.tensor, change)))
      }
      const changes = rule(operation, value.shape, (axis) => operation.axis(axis, value.shape.length))
      return [changes].flat().map((change) => rearrangeView(value, change))
    },
  }
}

/** Checks that work along this axis does not mix the samples of a fixed batch. */
export type AxisRule = (axis: number) => number
