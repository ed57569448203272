import type { Rule } from './builder.ts'
import { elementAt } from './flat-table.ts'
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
    const axis = elementAt(operation.integers(1), 0)
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
    const count = builder.list(operation.integers(1))
    const [found, at] = builder.addTwo('TopK', [operation.real(), count], { axis: -1 })
    builder.finish(elementAt(operation.outputs, 0), found)
    builder.finish(elementAt(operation.outputs, 1), at)
  },
  ONE_HOT(operation) {
    const { builder } = operation
    const numberOf = (input: number): number => elementAt(operation.integers(input), 0)
    const [on, off] = [numberOf(2), numberOf(3)]
    const depth = builder.list(operation.integers(1))
    const axis = operation.int(options.oneHot.axis)
    operation.finish(builder.add('OneHot', [operation.real(), depth, builder.make([off, on], [2])], { axis }))
  },
}
