import type { Rule } from './builder.ts'
import { options } from './schema.ts'

const two =
  (name: string): Rule =>
  (operation) =>
    operation.finish(operation.builder.add(name, [operation.real(0), operation.real(1)]))

const where: Rule = (operation) =>
  operation.finish(operation.builder.add('Where', [operation.real(0), operation.real(1), operation.real(2)]))

const best =
  (name: 'ArgMax' | 'ArgMin'): Rule =>
  (operation) => {
    const [axis] = operation.builder.integers(operation.input(1))
    operation.finish(operation.builder.add(name, [operation.real()], { axis, keepdims: 0 }))
  }

/** Operators that compare and choose: activations are written by them, and labels. */
export const selecting: Readonly<Record<string, Rule>> = {
  GREATER: two('Greater'),
  GREATER_EQUAL: two('GreaterOrEqual'),
  LESS: two('Less'),
  LESS_EQUAL: two('LessOrEqual'),
  EQUAL: two('Equal'),
  NOT_EQUAL(operation) {
    const { builder } = operation
    operation.finish(builder.add('Not', [builder.add('Equal', [operation.real(0), operation.real(1)])]))
  },
  LOGICAL_AND: two('And'),
  LOGICAL_OR: two('Or'),
  LOGICAL_NOT: (operation) => operation.finish(operation.builder.add('Not', [operation.real()])),
  SELECT: where,
  SELECT_V2: where,
  ARG_MAX: best('ArgMax'),
  ARG_MIN: best('ArgMin'),
  TOPK_V2(operation) {
    const { builder } = operation
    const [values, places] = operation.outputs
    const count = builder.list(builder.integers(operation.input(1)))
    const [found, at] = builder.addTwo('TopK', [operation.real(), count], { axis: -1 })
    builder.finish(values, found)
    builder.finish(places, at)
  },
  ONE_HOT(operation) {
    const { builder } = operation
    const [on, off] = [2, 3].map((input) => builder.constant(operation.input(input)).data[0])
    const depth = builder.list(builder.integers(operation.input(1)))
    const axis = operation.int(options.oneHot.axis)
    operation.finish(builder.add('OneHot', [operation.real(), depth, builder.make([off, on], [2])], { axis }))
  },
}
