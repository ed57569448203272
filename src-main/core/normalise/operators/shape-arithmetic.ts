import { intAttribute, tensorAttribute } from '../../graph/attributes.ts'
import type { ElementType, Tensor } from '../../graph/graph.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
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
    const [start, limit, delta] = [0, 1, 2].map((index) => operation.number(index))
    const count = Math.max(0, Math.ceil((limit - start) / delta))
    if (!(count <= maximumElements)) throw operation.malformed(`it makes ${count} numbers`)
    const values = Array.from({ length: count }, (_, index) => start + index * delta)
    return tensor(operation.constant(0).elementType, [count], values)
  },
}

/** Mod(A, B): the sign of B, or of A with fmod. */
export const mod: Operator = {
  fold(operation) {
    const isFmod = intAttribute(operation.node, 'fmod', 0) !== 0
    return foldWith((left, right) => (isFmod ? left % right : left - Math.floor(left / right) * right))(operation)
  },
}

/** CumSum(x, axis): https://onnx.ai/onnx/operators/onnx__CumSum.html */
export const cumSum: Operator = {
  fold(operation) {
    const tensor = operation.constant(0)
    const axis = normaliseAxis(operation.number(1), tensor.shape.length)
    const [size, step] = [tensor.shape[axis], stridesOf(tensor.shape)[axis]]
    const excludes = intAttribute(operation.node, 'exclusive', 0) !== 0
    const isReverse = intAttribute(operation.node, 'reverse', 0) !== 0
    const { length } = tensor.data
    const data = new Float64Array(length)
    /** From one end: what was summed up at the place before, which is `back` elements away. */
    const back = isReverse ? -step : step
    for (let index = 0; index < length; index++) {
      const at = isReverse ? length - 1 - index : index
      const isFirst = Math.floor(at / step) % size === (isReverse ? size - 1 : 0)
      const before = isFirst ? 0 : data[at - back] + (excludes ? tensor.data[at - back] : 0)
      data[at] = excludes ? before : before + tensor.data[at]
    }
    return { ...tensor, data }
  },
}
