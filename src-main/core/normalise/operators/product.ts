import { floatAttribute, intAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { broadcastTo, rearrange, transposed } from '../../graph/rearrange.ts'
import { broadcastShapes, countOf } from '../../graph/shapes.ts'
import type { LinearMap } from '../../network/layer-model.ts'
import { sizeOf } from '../../network/layer-model.ts'
import type { Operation, Operator } from '../operation.ts'
import { rearrangeView, type View } from '../values.ts'
import { BY_VALUES_HINT, matrixOfValues } from './sums-of-products.ts'
import { weightedSums } from './weighted.ts'

/** Of a matrix in which each row is kept whole; larger ones keep what is not 0. */
const maximumWeights = 2 ** 25

/** MatMul(A, B), of two values where neither side is constant: https://onnx.ai/onnx/operators/onnx__MatMul.html */
export const matMul: Operator = {
  fold(operation) {
    const [left, right] = [operation.constant(0), operation.constant(1)]
    if (left.shape.length === 0 || right.shape.length === 0) throw operation.malformed('it multiplies a single number')
    const [a, b] = [left.shape.length === 1 ? [1, ...left.shape] : left.shape, [...right.shape]]
    if (right.shape.length === 1) b.push(1)
    const [rows, inner] = a.slice(-2)
    const [depth, columns] = b.slice(-2)
    if (inner !== depth) throw operation.malformed(`[${left.shape}] × [${right.shape}] do not fit together`)
    const stack = broadcastShapes(a.slice(0, -2), b.slice(0, -2))
    const [lefts, rights] = [a, b].map((shape) => {
      const places = Float64Array.from({ length: countOf(shape.slice(0, -2)) }, (_, at) => at)
      return rearrange(places, broadcastTo(shape.slice(0, -2), stack))
    })
    const data = new Float64Array(countOf(stack) * rows * columns)
    for (let each = 0; each < lefts.length; each++) {
      for (let row = 0; row < rows; row++) {
        const to = (each * rows + row) * columns
        for (let k = 0; k < inner; k++) {
          const factor = left.data[(lefts[each] * rows + row) * inner + k]
          if (factor === 0) continue
          const from = (rights[each] * inner + k) * columns
          for (let n = 0; n < columns; n++) data[to + n] += factor * right.data[from + n]
        }
      }
    }
    const shape = [...stack, ...(left.shape.length > 1 ? [rows] : []), ...(right.shape.length > 1 ? [columns] : [])]
    return { elementType: left.elementType, shape, data }
  },
  lower(operation) {
    const [left, right] = [operation.value(0), operation.value(1)]
    if (left.kind === 'view' && right.kind === 'constant') return matrixProduct(operation, left, matrixOf(right.tensor))
    if (left.kind === 'constant' && right.kind === 'view') {
      const swapped = matrixProduct(operation, swapLast(right), matrixOf(left.tensor, true))
      return right.shape.length === 1 || left.tensor.shape.length === 1 ? swapped : swapLast(swapped)
    }
    const ofValues = left.kind === 'view' && right.kind === 'view' && matrixOfValues(operation, left, right)
    if (ofValues) return ofValues
    throw operation.refuse('it multiplies two values that both depend on the input', BY_VALUES_HINT)
  },
}

/** Gemm(A, B, C?) = alpha·A'·B' + beta·C: https://onnx.ai/onnx/operators/onnx__Gemm.html */
export const gemm: Operator = {
  lower(operation) {
    const { node } = operation
    const [left, right] = [operation.value(0), operation.value(1)]
    for (const { shape } of [left, right].flatMap((value) => (value.kind === 'constant' ? value.tensor : []))) {
      if (shape.length !== 2) throw operation.malformed(`its weight is [${shape}], not a matrix`)
    }
    const alpha = floatAttribute(node, 'alpha', 1)
    const beta = floatAttribute(node, 'beta', 1)
    const [transA, transB] = [intAttribute(node, 'transA', 0) !== 0, intAttribute(node, 'transB', 0) !== 0]
    let product: View
    if (left.kind === 'view' && right.kind === 'constant') {
      if (left.shape.length !== 2) throw operation.malformed(`its first input is [${left.shape}], not a matrix`)
      product = matrixProduct(operation, transA ? swapLast(left) : left, matrixOf(right.tensor, transB), alpha)
    } else if (left.kind === 'constant' && right.kind === 'view') {
      if (right.shape.length !== 2) throw operation.malformed(`its second input is [${right.shape}], not a matrix`)
      const weights = matrixOf(left.tensor, !transA)
      product = swapLast(matrixProduct(operation, transB ? right : swapLast(right), weights, alpha))
    } else {
      throw operation.refuse('it multiplies two values that both depend on the input', BY_VALUES_HINT)
    }
    const added = operation.inputs[2]
    if (!added) return product
    if (added.kind === 'view') {
      const parts = [
        { view: product, factor: 1 },
        { view: added, factor: beta },
      ]
      return operation.network.sum(parts, broadcastShapes(product.shape, added.shape))
    }
    const shift = operation.constant(2)
    if (countOf(broadcastShapes(product.shape, shift.shape)) !== countOf(product.shape)) {
      throw operation.malformed(`its bias is [${shift.shape}] but its product is [${product.shape}]`)
    }
    const scaled = { ...shift, data: shift.data.map((value) => beta * value) }
    return operation.network.affine(product, product.shape, undefined, scaled)
  },
}

/** A stored weight read as [K][N], whichever way it lies. */
export interface Matrix {
  readonly shape: readonly number[]
  readonly data: Float64Array
  readonly isVector: boolean
  readonly inner: number
  readonly columns: number
  readonly innerStride: number
  readonly columnStride: number
}

/** A tensor [K, N] as it is multiplied with from the right, or [N, K] with `isTransposed`; a vector [K] is one column. */
export function matrixOf({ shape, data }: Tensor, isTransposed = false): Matrix {
  const [rows, columns] = shape.length === 1 ? [shape[0], 1] : [shape.at(-2) ?? 1, shape.at(-1) ?? 1]
  const base = { shape, data, isVector: shape.length === 1 }
  return isTransposed && shape.length > 1
    ? { ...base, inner: columns, columns: rows, innerStride: 1, columnStride: columns }
    : { ...base, inner: rows, columns, innerStride: columns, columnStride: 1 }
}

/** view [..., M, K] × weights [K, N] → [..., M, N]: dense for one row, a 1×1 convolution where K are the channels. */
export function matrixProduct(operation: Operation, view: View, weights: Matrix, alpha = 1): View {
  const { network } = operation
  const { inner, columns, data } = weights
  if ((view.shape.at(-1) ?? 1) !== inner) {
    throw operation.malformed(`[${view.shape}] × [${weights.shape}] do not fit together`)
  }
  if (countOf(weights.shape) !== inner * columns) {
    throw operation.refuse('its weight is a stack of matrices', 'Only one weight matrix can be protected.')
  }
  const rows = countOf(view.shape.slice(0, -1))
  const shape = weights.isVector ? view.shape.slice(0, -1) : [...view.shape.slice(0, -1), columns]
  const weightAt = (k: number, n: number): number => alpha * data[k * weights.innerStride + n * weights.columnStride]
  const isChannelLast = rows > 1 && channelsAreLast(view, inner, rows, network.shapeOf(view.source))
  const inputShape = network.shapeOf(view.source)
  if (isChannelLast) {
    const weight = Float64Array.from({ length: columns * inner }, (_, at) =>
      weightAt(at % inner, Math.floor(at / inner)),
    )
    const geometry = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 } as const
    const map: LinearMap = { kind: 'conv', weight, ...geometry }
    const layerShape = [columns, inputShape[1], inputShape[2]] as const
    const source = network.addLinear([{ input: view.source, map }], new Float64Array(columns), layerShape)
    const order = Int32Array.from(
      { length: rows * columns },
      (_, at) => (at % columns) * rows + Math.floor(at / columns),
    )
    return { kind: 'view', source, shape, order }
  }
  if (rows > 1 && rows * columns * sizeOf(inputShape) > maximumWeights) {
    return weightedSums(operation, view, {
      shape,
      most: inner,
      taps(row, add) {
        const [from, n] = [Math.floor(row / columns) * inner, row % columns]
        for (let k = 0; k < inner; k++) add(from + k, weightAt(k, n))
      },
    })
  }
  const weight = denseWeight(operation, view, weights, alpha)
  const outputs = [rows * columns, 1, 1] as const
  const terms = [{ input: view.source, map: { kind: 'dense', weight } as const }]
  return { kind: 'view', source: network.addLinear(terms, new Float64Array(outputs[0]), outputs), shape }
}

/** The whole product as one matrix over the layer that the view reads. */
function denseWeight(operation: Operation, view: View, weights: Matrix, alpha: number): Float64Array {
  const { inner, columns, data, innerStride, columnStride } = weights
  const rows = countOf(view.shape.slice(0, -1))
  const size = sizeOf(operation.network.shapeOf(view.source))
  const isAsStored = rows === 1 && !view.order && alpha === 1 && innerStride === 1 && columnStride === inner
  if (isAsStored && size === inner) return data
  const weight = new Float64Array(rows * columns * size)
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < columns; n++) {
      const to = (row * columns + n) * size
      for (let k = 0; k < inner; k++) {
        const from = view.order ? view.order[row * inner + k] : row * inner + k
        if (from >= 0) weight[to + from] += alpha * data[k * innerStride + n * columnStride]
      }
    }
  }
  return weight
}

function channelsAreLast(view: View, channels: number, rows: number, source: readonly number[]): boolean {
  if (source[0] !== channels || source[1] * source[2] !== rows) return false
  const { order } = view
  return !!order && order.every((from, at) => from === (at % channels) * rows + Math.floor(at / channels))
}

const swapAxes = (rank: number): number[] =>
  Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis))

const swapLast = (view: View): View =>
  view.shape.length < 2 ? view : rearrangeView(view, transposed(view.shape, swapAxes(view.shape.length)))
