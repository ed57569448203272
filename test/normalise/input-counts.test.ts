import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { preflight } from '../../src-main/core/normalise/normalise.ts'
import { operators } from '../../src-main/core/normalise/operators/index.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { importModel } from '../models/compare.ts'
import { errorOf, integers, model, node, scalar, tensor } from '../onnx/small-model.ts'

const image = ['N', 2, 6, 6]
const constants = { c: tensor(2, 2, 1, 1) }
/** Every list of at most `length` inputs: the network's, a constant, or one left out. */
const lists = (length: number): string[][] =>
  length === 0 ? [[]] : lists(length - 1).flatMap((list) => [list, ...['x', 'c', ''].map((name) => [...list, name])])

/** A network whose result passes through one node with these inputs. */
const withInputs = (operator: string, inputs: readonly string[]): Uint8Array =>
  model(image, [{ operator, inputs: [...inputs], outputs: ['t'] }, node('Add', 'x t', 'y')], constants)

describe('a node with other inputs than its operator has', () => {
  it.each([
    ['Where', ['x'], 'Where “Where_0”: input 2 is missing.'],
    ['Where', ['c', '', 'x'], 'Where “Where_0”: input 2 is missing.'],
    ['Add', ['x'], 'Add “Add_0”: input 2 is missing.'],
    ['Relu', [], 'Relu “Relu_0”: it has no inputs.'],
    ['Relu', ['x', 'c'], 'Relu “Relu_0”: it has 2 inputs, and ONNX allows 1.'],
    ['Equal', ['x', 'c', 'c'], 'Equal “Equal_0”: it has 3 inputs, and ONNX allows 2.'],
  ])('%s of %j is refused', (operator, inputs, message) => {
    const error = errorOf(() => importModel(withInputs(operator, inputs)))
    expect([error.code, error.message]).toEqual(['bad-node', message])
  })

  it.each([
    ['Gather', { shape: [1], values: [0.5] }, 'Gather “Gather_0”: index 0.5 is not a whole number.'],
    ['GatherND', { shape: [1], values: [0.5] }, 'GatherND “GatherND_0”: index 0.5 is not a whole number.'],
    ['GatherElements', { shape: [1, 2, 6, 7], values: new Array(84).fill(0) }, 'indices do not fit [1,2,6,6]'],
  ])('%s at places that are none is refused', (operator, c, message) => {
    const bytes = model(image, [node(operator, 'x c', 'y')], { c })
    expect(errorOf(() => importModel(bytes)).message).toContain(message)
  })

  const empty = { shape: [0], values: [] }
  const pair = { shape: [2], values: [1, 2] }
  const sizes = integers(6, 6)
  it.each([
    ['Clip', 'x p', {}, 'input 2 holds 2 numbers, and one is expected'],
    ['Clip', 'x  e', {}, 'input 3 holds 0 numbers, and one is expected'],
    ['Pad', 'x pads p', {}, 'input 3 holds 2 numbers, and one is expected'],
    ['CumSum', 'c e', {}, 'input 2 holds 0 numbers, and one is expected'],
    ['Range', 's e s', {}, 'input 2 holds 0 numbers, and one is expected'],
    ['OneHot', 'i e p', {}, 'input 2 holds 0 numbers, and one is expected'],
    ['OneHot', 'i s s', {}, 'its values are [2], and two are expected'],
    ['InstanceNormalization', 'q p e', {}, 'scale [2] and bias [0] do not fit [1,2,1,3]'],
    ['MatMul', 's s', {}, 'it multiplies a single number'],
    ['Gemm', 'x p', {}, 'its weight is [2], not a matrix'],
    ['Resize', 'x   sizes', { axes: [2, 9] }, 'axis 9 does not exist in a tensor of rank 4'],
    ['Resize', 'x  p', { axes: [1, 2, 3] }, 'scales [1,2] do not fit [1,2,6,6]'],
    ['ScatterND', 'x i5 p', {}, '[1,5] indices do not fit [1,2,6,6]'],
  ] as const)('%s of “%s” with a constant of another size is refused', (operator, inputs, attributes, message) => {
    const known = {
      ...{ c: tensor(6), q: tensor(1, 2, 1, 3), e: empty, p: pair, s: scalar(2), i: integers(0, 1), sizes },
      ...{
        pads: integers(0, 0, 1, 1, 0, 0, 1, 1),
        i5: { shape: [1, 5], values: [0, 0, 0, 0, 0], type: 'int64' } as const,
      },
    }
    const used = Object.fromEntries(Object.entries(known).filter(([name]) => inputs.split(' ').includes(name)))
    const bytes = model(image, [node(operator, inputs, 't', attributes), node('Add', 'x t', 'y')], used)
    expect(errorOf(() => importModel(bytes)).message).toContain(message)
  })

  it('one that leaves out what is optional at the end is not', () => {
    expect(() => importModel(withInputs('Clip', ['x', '', '']))).not.toThrow()
  })

  it.each([...operators.keys()])('%s gives a network or an error for people, whatever it is given', (operator) => {
    const surprises = lists(3).flatMap((inputs) => {
      const bytes = withInputs(operator, inputs)
      return [() => importModel(bytes), () => preflight(readOnnx(bytes))].flatMap((run) => {
        try {
          run()
          return []
        } catch (error) {
          return error instanceof UserError ? [] : [`${inputs.join(' ')}: ${String(error)}`]
        }
      })
    })
    expect(surprises).toEqual([])
  })
})
