import { intAttribute, wordAttribute } from '../../graph/attributes.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { rearrangeView, shapeOf, type Value } from '../values.ts'
import { rearranging } from './rearranging.ts'
import { checkElementIndices, wrapped } from './slice.ts'

/** GatherND(data, indices) with constant indices: https://onnx.ai/onnx/operators/onnx__GatherND.html */
export const gatherND = rearranging((operation, shape, axisRule) => {
  const batches = intAttribute(operation.node, 'batch_dims', 0)
  const { shape: own, data } = operation.constant(1)
  const depth = own.at(-1) ?? 0
  if (batches + depth > shape.length || own.length < 1)
    throw operation.malformed(`[${own}] indices do not fit [${shape}]`)
  if (batches === 0) axisRule(0)
  const sizes = shape.slice(batches, batches + depth)
  const strides = stridesOf(shape).slice(batches, batches + depth)
  const slice = countOf(shape.slice(batches + depth))
  const perBatch = countOf(own.slice(batches, -1))
  const rows = countOf(own.slice(0, -1))
  const indices = new Int32Array(rows * slice)
  for (let row = 0; row < rows; row++) {
    const batch = Math.floor(row / perBatch) * countOf(shape.slice(batches))
    const start = batch + offsetAt(operation, data.subarray(row * depth, (row + 1) * depth), sizes, strides)
    for (let at = 0; at < slice; at++) indices[row * slice + at] = start + at
  }
  return { shape: [...own.slice(0, -1), ...shape.slice(batches + depth)], indices }
})

/** Where an index into some axes points to; sizes and strides are of these axes. */
function offsetAt(
  operation: FoldOperation,
  index: Float64Array,
  sizes: readonly number[],
  strides: readonly number[],
): number {
  return index.reduce((offset, at, axis) => offset + wrapped(operation, at, sizes[axis]) * strides[axis], 0)
}

/** For each element of the updates, the element of the data that it goes to. */
type Places = (operation: FoldOperation, shape: readonly number[]) => Int32Array

/** ScatterND and ScatterElements with constant indices: https://onnx.ai/onnx/operators/onnx__ScatterND.html */
export const scatterND = scattering((operation, shape) => {
  const { shape: own, data } = operation.constant(1)
  const depth = own.at(-1) ?? 0
  if (depth > shape.length) throw operation.malformed(`[${own}] indices do not fit [${shape}]`)
  const slice = countOf(shape.slice(depth))
  const strides = stridesOf(shape)
  const rows = countOf(own.slice(0, -1))
  const places = new Int32Array(rows * slice)
  for (let row = 0; row < rows; row++) {
    const start = offsetAt(operation, data.subarray(row * depth, (row + 1) * depth), shape, strides)
    for (let at = 0; at < slice; at++) places[row * slice + at] = start + at
  }
  return places
})

export const scatterElements = scattering((operation, shape) => {
  const axis = normaliseAxis(intAttribute(operation.node, 'axis', 0), shape.length)
  const { shape: own, data } = operation.constant(1)
  checkElementIndices(operation, own, shape, axis)
  const [strides, ownStrides] = [stridesOf(shape), stridesOf(own)]
  return Int32Array.from(data, (_, at) => {
    const index = wrapped(operation, data[at], shape[axis]) * strides[axis]
    const rest = own.reduce(
      (sum, size, other) => (other === axis ? sum : sum + (Math.floor(at / ownStrides[other]) % size) * strides[other]),
      0,
    )
    return index + rest
  })
})

/** How an update meets what is there; only sums of both can be protected. */
const reductions: Readonly<Record<string, (before: number, update: number) => number>> = {
  none: (_, update) => update,
  add: (before, update) => before + update,
  mul: (before, update) => before * update,
  max: Math.max,
  min: Math.min,
}
const names = ['none', 'add', 'mul', 'max', 'min'] as const

function scattering(placesOf: Places): Operator {
  return {
    fold(operation) {
      const [data, updates] = [operation.constant(0), operation.constant(2)]
      const reduce = reductions[wordAttribute(operation.node, 'reduction', names, 'none')]
      const places = placesOf(operation, data.shape)
      if (updates.data.length < places.length) throw operation.malformed(`[${updates.shape}] updates are too few`)
      const result = Float64Array.from(data.data)
      places.forEach((to, at) => (result[to] = reduce(result[to], updates.data[at])))
      return { ...data, data: result }
    },
    lower(operation) {
      const [data, updates] = [operation.value(0), operation.value(2)]
      const reduction = wordAttribute(operation.node, 'reduction', names, 'none')
      if (reduction !== 'none' && reduction !== 'add') throw operation.refuse('it combines the values it scatters')
      const shape = shapeOf(data)
      const places = placesOf(operation, shape)
      if (countOf(shapeOf(updates)) < places.length)
        throw operation.malformed(`[${shapeOf(updates)}] updates are too few`)
      const kept = Int32Array.from({ length: countOf(shape) }, (_, at) => at)
      const moved = movedIn(places, kept.length, reduction === 'add')
      if (reduction === 'none') for (const to of places) kept[to] = -1
      return combined(operation, shape, [
        { value: data, indices: kept },
        ...moved.map((indices) => ({ value: updates, indices })),
      ])
    },
  }
}

/** Where each element of the result comes from among the updates: the last one, or in several rounds each that goes there. */
function movedIn(places: Int32Array, size: number, all: boolean): Int32Array[] {
  const rounds = [new Int32Array(size).fill(-1)]
  const count = new Int32Array(size)
  places.forEach((to, at) => {
    const round = all ? count[to]++ : 0
    if (round === rounds.length) rounds.push(new Int32Array(size).fill(-1))
    rounds[round][to] = at
  })
  return rounds
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
    indices.forEach((from, at) => from >= 0 && (shift[at] += value.tensor.data[from]))
  }
  return network.sum(parts, shape, shift)
}
