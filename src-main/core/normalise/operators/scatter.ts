import { intAttribute, stringAttribute } from '../../graph/attributes.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { rearrangeView, shapeOf, type Value } from '../values.ts'
import { rearranging } from './rearranging.ts'

/** GatherND(data, indices) with constant indices: https://onnx.ai/onnx/operators/onnx__GatherND.html */
export const gatherND = rearranging((operation, shape, axisRule) => {
  const batches = intAttribute(operation.node, 'batch_dims', 0)
  const { shape: own, data } = operation.constant(1)
  const depth = own.at(-1) ?? 0
  if (batches + depth > shape.length || own.length < 1)
    throw operation.malformed(`[${own}] indices do not fit [${shape}]`)
  if (batches === 0) axisRule(0)
  const strides = stridesOf(shape)
  const slice = countOf(shape.slice(batches + depth))
  const perBatch = countOf(own.slice(batches, -1))
  const rows = countOf(own.slice(0, -1))
  const indices = new Int32Array(rows * slice)
  for (let row = 0; row < rows; row++) {
    const batch = Math.floor(row / perBatch) * countOf(shape.slice(batches))
    const start = batch + offsetAt(operation, data, row * depth, shape, strides, batches, depth)
    for (let at = 0; at < slice; at++) indices[row * slice + at] = start + at
  }
  return { shape: [...own.slice(0, -1), ...shape.slice(batches + depth)], indices }
})

function offsetAt(
  operation: FoldOperation,
  indices: Float64Array,
  from: number,
  shape: readonly number[],
  strides: readonly number[],
  first: number,
  depth: number,
): number {
  let offset = 0
  for (let axis = 0; axis < depth; axis++) {
    const size = shape[first + axis]
    const given = indices[from + axis]
    const position = given < 0 ? given + size : given
    if (!(position >= 0 && position < size)) throw operation.malformed(`index ${given} lies outside ${size}`)
    offset += position * strides[first + axis]
  }
  return offset
}

/** For each element of the result, where it comes from: an element of the data, or of the updates as −1 − element. */
type Places = (operation: FoldOperation, shape: readonly number[]) => Int32Array

/** ScatterND and ScatterElements with constant indices: https://onnx.ai/onnx/operators/onnx__ScatterND.html */
export const scatterND = scattering((operation, shape) => {
  const { shape: own, data } = operation.constant(1)
  const depth = own.at(-1) ?? 0
  const slice = countOf(shape.slice(depth))
  const strides = stridesOf(shape)
  const places = Int32Array.from({ length: countOf(shape) }, (_, at) => at)
  for (let row = 0; row < countOf(own.slice(0, -1)); row++) {
    const start = offsetAt(operation, data, row * depth, shape, strides, 0, depth)
    for (let at = 0; at < slice; at++) places[start + at] = -1 - (row * slice + at)
  }
  return places
})

export const scatterElements = scattering((operation, shape) => {
  const axis = normaliseAxis(intAttribute(operation.node, 'axis', 0), shape.length)
  const { shape: own, data } = operation.constant(1)
  if (own.length !== shape.length) throw operation.malformed('its indices have another rank')
  const [strides, ownStrides] = [stridesOf(shape), stridesOf(own)]
  const places = Int32Array.from({ length: countOf(shape) }, (_, at) => at)
  data.forEach((_, at) => {
    const index = offsetAt(operation, data, at, [shape[axis]], [strides[axis]], 0, 1)
    const rest = own.reduce(
      (sum, size, other) => (other === axis ? sum : sum + (Math.floor(at / ownStrides[other]) % size) * strides[other]),
      0,
    )
    places[index + rest] = -1 - at
  })
  return places
})

function scattering(placesOf: Places): Operator {
  const checked = (operation: FoldOperation, shape: readonly number[]): Int32Array => {
    if (stringAttribute(operation.node, 'reduction', 'none') !== 'none')
      throw operation.refuse('it combines the values it scatters')
    return placesOf(operation, shape)
  }
  return {
    fold(operation) {
      const [data, updates] = [operation.constant(0), operation.constant(2)]
      const places = checked(operation, data.shape)
      return {
        ...data,
        data: Float64Array.from(places, (from) => (from < 0 ? updates.data[-1 - from] : data.data[from])),
      }
    },
    lower(operation) {
      const [data, updates] = [operation.value(0), operation.value(2)]
      const shape = shapeOf(data)
      const places = checked(operation, shape)
      const sides = [
        { value: data, indices: places.map((from) => (from < 0 ? -1 : from)) },
        { value: updates, indices: places.map((from) => (from < 0 ? -1 - from : -1)) },
      ]
      return combined(operation, shape, sides)
    },
  }
}

interface Side {
  readonly value: Value
  readonly indices: Int32Array
}

/** The sum of what is moved in from each side. */
function combined({ network }: Operation, shape: readonly number[], sides: readonly Side[]) {
  const parts = sides.flatMap(({ value, indices }) =>
    value.kind === 'view' ? [{ view: rearrangeView(value, { shape, indices }), factor: 1 }] : [],
  )
  const shift = new Float64Array(countOf(shape))
  for (const { value, indices } of sides) {
    if (value.kind !== 'constant') continue
    indices.forEach((from, at) => from >= 0 && (shift[at] = value.tensor.data[from]))
  }
  return network.sum(parts, shape, shift)
}
