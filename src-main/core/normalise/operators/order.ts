import { intAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { countOf, normaliseAxis } from '../../graph/shapes.ts'
import type { FoldOperation, Operator } from '../operation.ts'

/** Along one axis, each row by itself. */
interface Rows {
  readonly axis: number
  readonly size: number
  readonly inner: number
  readonly starts: readonly number[]
}

function rowsOf(tensor: Tensor, given: number): Rows {
  const axis = normaliseAxis(given, tensor.shape.length)
  const size = tensor.shape[axis]
  const inner = countOf(tensor.shape.slice(axis + 1))
  const count = size === 0 ? 0 : tensor.data.length / size
  const starts = Array.from({ length: count }, (_, row) => Math.floor(row / inner) * size * inner + (row % inner))
  return { axis, size, inner, starts }
}

/** Places along the axis by falling values; the first of equal ones first. */
const ranked = ({ data }: Tensor, { size, inner }: Rows, start: number, sign: 1 | -1): number[] =>
  Array.from({ length: size }, (_, place) => place).sort(
    (a, b) => sign * (data[start + b * inner] - data[start + a * inner]) || a - b,
  )

/** ArgMax, ArgMin of constants: https://onnx.ai/onnx/operators/onnx__ArgMax.html */
export const foldArg =
  (sign: 1 | -1) =>
  (operation: FoldOperation): Tensor => {
    const { node } = operation
    const tensor = operation.constant(0)
    const rows = rowsOf(tensor, intAttribute(node, 'axis', 0))
    const isLast = intAttribute(node, 'select_last_index', 0) === 1
    const data = Float64Array.from(rows.starts, (start) => {
      const order = ranked(tensor, rows, start, sign)
      const best = tensor.data[start + order[0] * rows.inner]
      return isLast ? Math.max(...order.filter((place) => tensor.data[start + place * rows.inner] === best)) : order[0]
    })
    const keeps = intAttribute(node, 'keepdims', 1) === 1
    const shape = tensor.shape.flatMap((size, axis) => (axis !== rows.axis ? [size] : keeps ? [1] : []))
    return { elementType: 'int', shape, data }
  }

/** ArgMin: https://onnx.ai/onnx/operators/onnx__ArgMin.html */
export const argMin: Operator = { fold: foldArg(-1) }

/** TopK(X, K): https://onnx.ai/onnx/operators/onnx__TopK.html; K is an attribute before operator set 10. */
export const topK: Operator = {
  fold(operation) {
    const { node, opset } = operation
    const tensor = operation.constant(0)
    const rows = rowsOf(tensor, intAttribute(node, 'axis', -1))
    const wanted = opset < 10 ? intAttribute(node, 'k', 1) : operation.number(1)
    const sign = intAttribute(node, 'largest', 1) === 1 ? 1 : -1
    if (!(wanted >= 0 && wanted <= rows.size)) throw operation.malformed(`it takes ${wanted} of ${rows.size} values`)
    const shape = tensor.shape.with(rows.axis, wanted)
    const values = new Float64Array(countOf(shape))
    const places = new Float64Array(values.length)
    rows.starts.forEach((start, row) => {
      const to = Math.floor(row / rows.inner) * wanted * rows.inner + (row % rows.inner)
      ranked(tensor, rows, start, sign)
        .slice(0, wanted)
        .forEach((place, rank) => {
          values[to + rank * rows.inner] = tensor.data[start + place * rows.inner]
          places[to + rank * rows.inner] = place
        })
    })
    return [
      { ...tensor, shape, data: values },
      { elementType: 'int', shape, data: places },
    ]
  },
}

/** Hardmax: https://onnx.ai/onnx/operators/onnx__Hardmax.html, since operator set 13 along one axis. */
export const hardmax: Operator = {
  fold(operation) {
    if (operation.opset < 13) throw operation.refuse('Hardmax is known from operator set 13 on')
    const tensor = operation.constant(0)
    const rows = rowsOf(tensor, intAttribute(operation.node, 'axis', -1))
    const data = new Float64Array(tensor.data.length)
    for (const start of rows.starts) data[start + ranked(tensor, rows, start, 1)[0] * rows.inner] = 1
    return { ...tensor, data }
  },
}

/** OneHot(indices, depth, [off, on]): https://onnx.ai/onnx/operators/onnx__OneHot.html */
export const oneHot: Operator = {
  fold(operation) {
    const [indices, depth, values] = [operation.constant(0), operation.number(1), operation.constant(2)]
    const [off, on] = values.data
    if (values.data.length !== 2)
      throw operation.malformed(`its values are [${[...values.data]}], and two are expected`)
    const rank = indices.shape.length + 1
    const axis = normaliseAxis(intAttribute(operation.node, 'axis', -1), rank)
    const shape = indices.shape.toSpliced(axis, 0, depth)
    if (!(depth >= 1) || countOf(shape) > 2 ** 24) throw operation.malformed(`its depth is ${depth}`)
    const inner = countOf(indices.shape.slice(axis))
    const data = new Float64Array(countOf(shape)).fill(off)
    indices.data.forEach((index, at) => {
      const place = index < 0 ? index + depth : index
      if (place >= 0 && place < depth) data[(Math.floor(at / inner) * depth + place) * inner + (at % inner)] = on
    })
    return { ...values, shape, data }
  },
}

/** LpNormalization: each row over its norm, p = 1 or 2. https://onnx.ai/onnx/operators/onnx__LpNormalization.html */
export const lpNormalization: Operator = {
  fold(operation) {
    const tensor = operation.constant(0)
    const rows = rowsOf(tensor, intAttribute(operation.node, 'axis', -1))
    const isFirst = intAttribute(operation.node, 'p', 2) === 1
    const data = new Float64Array(tensor.data.length)
    for (const start of rows.starts) {
      const places = Array.from({ length: rows.size }, (_, place) => start + place * rows.inner)
      const sum = places.reduce((total, at) => total + (isFirst ? Math.abs(tensor.data[at]) : tensor.data[at] ** 2), 0)
      const norm = isFirst ? sum : Math.sqrt(sum)
      for (const at of places) data[at] = norm === 0 ? 0 : tensor.data[at] / norm
    }
    return { ...tensor, data }
  },
}
