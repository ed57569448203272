import { intAttribute, intsAttribute } from '../../graph/attributes.ts'
import { reshaped, transposed } from '../../graph/rearrange.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import type { LayerId, LinearMap, Shape } from '../../network/layer-model.ts'
import { INPUT, sizeOf } from '../../network/layer-model.ts'
import { imageShape, isPermutation } from '../network-builder.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { rearrangeTensor, rearrangeView, type View } from '../values.ts'
import { extremeOf } from './arithmetic.ts'

interface Reduction {
  /** Weight of each of `count` elements in the result; undefined where the reduction is not linear. */
  readonly weight?: (count: number) => number
  readonly combine: (values: Float64Array) => number
  /** First operator set whose `axes` are an input. */
  readonly axesInputSince: number
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

/** ReduceMean, ReduceSum: https://onnx.ai/onnx/operators/onnx__ReduceMean.html */
export const reduceMean = reduction({
  weight: (count) => 1 / count,
  combine: (values) => total(values) / values.length,
  axesInputSince: 18,
})
export const reduceSum = reduction({ weight: () => 1, combine: total, axesInputSince: 13 })

/** Of constants only: shapes are computed with them. */
export const reduceProd = reduction({ combine: (values) => values.reduce((a, b) => a * b, 1), axesInputSince: 18 })

export const reduceL1 = reduction({ combine: (values) => total(values.map(Math.abs)), axesInputSince: 18 })
export const reduceL2 = reduction({
  combine: (values) => Math.sqrt(total(values.map((x) => x * x))),
  axesInputSince: 18,
})
export const reduceSumSquare = reduction({ combine: (values) => total(values.map((x) => x * x)), axesInputSince: 18 })

function reduction({ weight, combine, axesInputSince }: Reduction): Operator {
  const fold = (operation: FoldOperation) => {
    const tensor = operation.constant(0)
    const { kept, reduced, shape } = partition(operation, tensor.shape, axesInputSince)
    const size = countOf(reduced.map((axis) => tensor.shape[axis]))
    const sorted = rearrangeTensor(tensor, transposed(tensor.shape, [...kept, ...reduced])).data
    const results = countOf(shape)
    const data = Float64Array.from({ length: results }, (_, at) => combine(sorted.subarray(at * size, (at + 1) * size)))
    return rearrangeTensor({ ...tensor, shape: [results], data }, reshaped(shape))
  }
  if (!weight) return { fold }
  return {
    fold,
    lower(operation) {
      const view = operation.view(0)
      const { reduced, shape } = partition(operation, view.shape, axesInputSince)
      for (const axis of reduced) operation.axis(axis, view.shape.length)
      return reduceView(operation, view, reduced, shape, weight)
    },
  }
}

/** GlobalAveragePool: https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html */
export const globalAveragePool: Operator = {
  lower(operation) {
    const view = operation.view(0)
    const reduced = view.shape.map((_, axis) => axis).slice(2)
    const shape = view.shape.map((size, axis) => (axis < 2 ? size : 1))
    return reduceView(operation, view, reduced, shape, (count) => 1 / count)
  },
}

const maximum = reduction({
  combine: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  axesInputSince: 18,
})

/** Of channels, as Maxout does; each takes a ReLU. */
const mostCompared = 8

/** ReduceMax over whole images, columns or rows is a max-pooling; Keras writes its GlobalMaxPooling so. A few values are compared in pairs. */
export const reduceMax: Operator = { ...maximum, lower: (operation) => pooled(operation, operation.view(0)) }

/** The least of x is −max(−x). */
export const reduceMin: Operator = {
  ...reduction({ combine: (values) => values.reduce((a, b) => Math.min(a, b), Infinity), axesInputSince: 18 }),
  lower(operation) {
    const { network } = operation
    const turned = (view: View): View => network.sum([{ view, factor: -1 }], view.shape)
    return turned(pooled(operation, turned(operation.view(0))))
  },
}

function pooled(operation: Operation, view: View): View {
  const { network } = operation
  const { kept, reduced, shape } = partition(operation, view.shape, 18)
  for (const axis of reduced) operation.axis(axis, view.shape.length)
  const [channels, height, width] = network.shapeOf(view.source)
  const count = countOf(reduced.map((axis) => view.shape[axis]))
  const kernel = pooledWindow(view, targetsOf(view.shape, reduced), count, [channels, height, width])
  if (!kernel && count <= mostCompared) {
    const order = transposed(view.shape, [...kept, ...reduced]).indices
    const views = Array.from({ length: count }, (_, part) => {
      const indices = Int32Array.from(
        { length: countOf(shape) },
        (_, at) => order?.[at * count + part] ?? at * count + part,
      )
      return rearrangeView(view, { shape, indices })
    })
    return extremeOf(operation, views, shape, 1)
  }
  const maxPool = (input: LayerId, size: Shape, kernel: readonly [number, number]): View => {
    const window = { kernel, strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] } as const
    const output: Shape = [size[0], size[1] / kernel[0], size[2] / kernel[1]]
    return { kind: 'view', source: network.addMaxPool({ input, shape: output, ...window }), shape }
  }
  if (kernel) return maxPool(view.source, [channels, height, width], kernel)
  // What lies elsewhere, such as the image of a pixel shuffle, is moved into rows first.
  const moved = view.source === INPUT ? network.affine(view, view.shape, undefined, undefined) : view
  const rows: Shape = [countOf(shape), 1, count]
  const input = network.asImage(rearrangeView(moved, transposed(view.shape, [...kept, ...reduced])), rows)
  return maxPool(input, rows, [1, count])
}

function partition(operation: FoldOperation, shape: readonly number[], axesInputSince: number) {
  const { node, opset } = operation
  const given = opset < axesInputSince ? intsAttribute(node, 'axes') : operation.optionalIntegers(1)
  const isNoop = intAttribute(node, 'noop_with_empty_axes', 0) !== 0
  const all = shape.map((_, axis) => axis)
  const axes = given && given.length > 0 ? given : isNoop ? [] : all
  const reduced = [...new Set(axes.map((axis) => normaliseAxis(axis, shape.length)))].sort((a, b) => a - b)
  const keepsDimensions = intAttribute(node, 'keepdims', 1) !== 0
  const kept = all.filter((axis) => !reduced.includes(axis))
  const result = shape.flatMap((size, axis) => (reduced.includes(axis) ? (keepsDimensions ? [1] : []) : [size]))
  return { kept, reduced, shape: result }
}

/** A depthwise convolution where whole images, columns or rows are reduced, a sparse map otherwise. */
function reduceView(
  { network }: Operation,
  view: View,
  reduced: readonly number[],
  shape: readonly number[],
  weight: (count: number) => number,
): View {
  const count = countOf(reduced.map((axis) => view.shape[axis]))
  const input = network.shapeOf(view.source)
  const target = targetsOf(view.shape, reduced)
  const window = pooledWindow(view, target, count, input)
  const output: Shape = window
    ? [input[0], input[1] / window[0], input[2] / window[1]]
    : imageShape(shape.length === 0 ? [1, 1] : shape)
  const map: LinearMap = window
    ? {
        kind: 'conv',
        weight: new Float64Array(input[0] * count).fill(weight(count)),
        kernel: window,
        strides: [1, 1],
        dilations: [1, 1],
        pads: [0, 0, 0, 0],
        groups: input[0],
      }
    : sparseSum(view, target, sizeOf(output), weight(count))
  const source = network.addLinear([{ input: view.source, map }], new Float64Array(output[0]), output)
  return { kind: 'view', source, shape }
}

function pooledWindow(view: View, target: Int32Array, count: number, input: Shape): [number, number] | undefined {
  const [, height, width] = input
  const isWhole = view.order ? isPermutation(view.order, sizeOf(input)) : target.length === sizeOf(input)
  if (!isWhole) return undefined
  const at = (index: number): number => (view.order ? view.order[index] : index)
  const plane = height * width
  if (count === plane && target.every((to, index) => to === Math.floor(at(index) / plane))) return [height, width]
  const isColumn = (to: number, index: number): boolean =>
    to === Math.floor(at(index) / plane) * width + (at(index) % width)
  if (count === height && target.every(isColumn)) return [height, 1]
  const isRow = (to: number, index: number): boolean => to === Math.floor(at(index) / width)
  return count === width && target.every(isRow) ? [1, width] : undefined
}

/** For each element, the flat index of the result it counts towards. */
function targetsOf(shape: readonly number[], reduced: readonly number[]): Int32Array {
  const strides = stridesOf(shape)
  const results = stridesOf(shape.map((size, axis) => (reduced.includes(axis) ? 1 : size)))
  return Int32Array.from({ length: countOf(shape) }, (_, index) =>
    shape.reduce(
      (sum, size, axis) =>
        reduced.includes(axis) ? sum : sum + (Math.floor(index / strides[axis]) % size) * results[axis],
      0,
    ),
  )
}

function sparseSum(view: View, target: Int32Array, outputs: number, value: number): LinearMap {
  const rows: number[][] = Array.from({ length: outputs }, () => [])
  target.forEach((to, index) => {
    const from = view.order ? view.order[index] : index
    if (from >= 0) rows[to].push(from)
  })
  const rowStarts = new Int32Array(outputs + 1)
  rows.forEach((row, index) => (rowStarts[index + 1] = rowStarts[index] + row.length))
  const columns = Int32Array.from(rows.flat())
  return { kind: 'sparse', rowStarts, columns, values: new Float64Array(columns.length).fill(value) }
}
