import type { Tensor } from '../../graph/graph.ts'
import { broadcastShapes } from '../../graph/shapes.ts'
import type { Operator } from '../operation.ts'
import { shapeOf, type Value } from '../values.ts'
import { combine, pointwise } from './pointwise.ts'

const compared = pointwise('Where')

/**
 * Where(condition, X, Y): https://onnx.ai/onnx/operators/onnx__Where.html; one that compares a value is part of an
 * activation. Formula: with a constant condition m, m·X + (1 − m)·Y.
 */
export const where: Operator = {
  ...compared,
  lower(operation) {
    const { network } = operation
    const condition = operation.value(0)
    if (condition.kind === 'view') return compared.lower(operation)
    const [yes, no] = [operation.value(1), operation.value(2)]
    const shape = [condition, yes, no].map(shapeOf).reduce(broadcastShapes)
    const chosen = combine((held) => Number(held !== 0), { ...condition.tensor, elementType: 'float' })
    const rest = combine((held) => 1 - held, chosen)
    const masked = (value: Value, mask: Tensor, other: Tensor | undefined) =>
      value.kind === 'view' ? [network.affine(value, shape, mask, other)] : []
    const shift = (value: Value, mask: Tensor) =>
      value.kind === 'constant' ? combine((a, b) => a * b, mask, value.tensor) : undefined
    const views = [...masked(yes, chosen, shift(no, rest)), ...masked(no, rest, shift(yes, chosen))]
    const [first, second] = views
    if (!second) return first
    const parts = views.map((view) => ({ view, factor: 1 }))
    return network.sum(parts, shape)
  },
}
