import { intAttribute, tensorAttribute } from '../../graph/attributes.ts'
import type { ElementType, Tensor } from '../../graph/graph.ts'
import { broadcastTo, rearrange } from '../../graph/rearrange.ts'
import { broadcastShapes, countOf } from '../../graph/shapes.ts'
import { constantOf, shapeOf } from '../values.ts'
import type { FoldOperation, Operator } from '../operation.ts'
import { foldWith } from './arithmetic.ts'

/** Operators that exporters use to compute shapes, pads and scales: of constants only. */

/** A file of a hundred bytes must not ask for gigabytes. */
const maximumElements = 2 ** 22

function tensor(elementType: ElementType, shape: readonly number[], values: Iterable<number>): Tensor {
  return { elementType, shape, data: Float64Array.from(values) }
}

/** Shape(data): https://onnx.ai/onnx/operators/onnx__Shape.html; a shape is constant even where the data is not. */
export const shape: Operator = {
  fold: (operation) => shapeTensor(operation, operation.constant(0).shape),
  lower: (operation) => constantOf(shapeTensor(operation, shapeOf(operation.value(0)))),
}

function shapeTensor({ node }: FoldOperation, sizes: readonly number[]): Tensor {
  const end = intAttribute(node, 'end', sizes.length)
  const part = sizes.slice(intAttribute(node, 'start', 0), end)
  return tensor('int', [part.length], part)
}

/** Size(data): https://onnx.ai/onnx/operators/onnx__Size.html */
export const size: Operator = {
  fold: (operation) => tensor('int', [], [operation.constant(0).data.length]),
  lower: (operation) => constantOf(tensor('int', [], [countOf(shapeOf(operation.value(0)))])),
}

/** ConstantOfShape(input): https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html */
export const constantOfShape: Operator = {
  fold(operation) {
    const sizes = operation.integers(0)
    const count = countOf(sizes)
    if (!(count <= maximumElements) || sizes.some((length) => length < 0)) {
      throw operation.malformed(`it makes a tensor of shape [${sizes}]`)
    }
    const value = tensorAttribute(operation.node, 'value')
    const data = new Float64Array(count).fill(value?.data[0] ?? 0)
    const { elementType = 'float', integer } = value ?? {}
    return { elementType, shape: sizes, data, ...(integer && { integer }) }
  },
}

/** Range(start, limit, delta): https://onnx.ai/onnx/operators/onnx__Range.html */
export const range: Operator = {
  fold(operation) {
    const [start, limit, delta] = [0, 1, 2].map((index) => operation.constant(index).data[0])
    const count = Math.max(0, Math.ceil((limit - start) / delta))
    if (!(count <= maximumElements)) throw operation.malformed(`it makes ${count} numbers`)
    const values = Array.from({ length: count }, (_, index) => start + index * delta)
    return tensor(operation.constant(0).elementType, [count], values)
  },
}

/** Where(condition, X, Y): https://onnx.ai/onnx/operators/onnx__Where.html */
export const where: Operator = {
  fold(operation) {
    const tensors = [0, 1, 2].map((index) => operation.constant(index))
    const sizes = tensors.map((part) => part.shape).reduce(broadcastShapes)
    const [condition, yes, no] = tensors.map((part) => rearrange(part.data, broadcastTo(part.shape, sizes)))
    return tensor(
      tensors[1].elementType,
      sizes,
      condition.map((chosen, index) => (chosen ? yes[index] : no[index])),
    )
  },
}

/** A function of each element. */
export const elementwise = (compute: (value: number) => number): Operator => ({
  fold(operation) {
    const input = operation.constant(0)
    return { ...input, data: input.data.map(compute) }
  },
  lower(operation) {
    const hint = 'Use one of the activations that docs/adding-an-operator.md lists.'
    throw operation.refuse('it is not one of the supported activations', hint, operation.view(0).shape)
  },
})

/** A comparison or a logical operator of two inputs. */
export const comparison = (holds: (left: number, right: number) => boolean): Operator => ({
  fold: (operation) => ({ ...foldWith((left, right) => Number(holds(left, right)))(operation), elementType: 'bool' }),
})

/** Min, Max of any number of inputs. */
export const extreme = (choose: (left: number, right: number) => number): Operator => ({
  fold(operation) {
    const tensors = operation.inputs.map((_, index) => operation.constant(index))
    const sizes = tensors.map((part) => part.shape).reduce(broadcastShapes)
    const spread = tensors.map((part) => rearrange(part.data, broadcastTo(part.shape, sizes)))
    const [first, ...others] = spread
    const values = first.map((value, index) => others.reduce((best, other) => choose(best, other[index]), value))
    return tensor(tensors[0].elementType, sizes, values)
  },
})

/** Mod(A, B): the sign of B, or of A with fmod. */
export const mod: Operator = {
  fold(operation) {
    const isFmod = intAttribute(operation.node, 'fmod', 0) !== 0
    return foldWith((left, right) => (isFmod ? left % right : left - Math.floor(left / right) * right))(operation)
  },
}
