import { intAttribute, intsAttribute } from '../../graph/attributes.ts'
import { selected, selectedAlong } from '../../graph/rearrange.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import type { FoldOperation } from '../operation.ts'
import { rearranging } from './rearranging.ts'

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** Slice(data, starts, ends, axes?, steps?): https://onnx.ai/onnx/operators/onnx__Slice.html; attributes before set 10. */
export const slice = rearranging((operation, shape, axisRule) => {
  const isOld = operation.opset < 10
  const list = (name: string, index: number) =>
    isOld ? intsAttribute(operation.node, name) : operation.optionalIntegers(index)
  const [starts, ends] = [list('starts', 1), list('ends', 2)]
  if (!starts || !ends) throw operation.malformed('its starts or ends are missing')
  const axes = list('axes', 3) ?? starts.map((_, index) => index)
  const steps = (isOld ? undefined : operation.optionalIntegers(4)) ?? starts.map(() => 1)
  if ([ends, axes, steps].some(({ length }) => length !== starts.length) || steps.includes(0)) {
    throw operation.malformed('its starts, ends, axes and steps do not fit together')
  }
  const positions: (number[] | null)[] = shape.map(() => null)
  axes.forEach((given, index) => {
    const axis = normaliseAxis(given, shape.length)
    const taken = rangeOf(shape[axis], starts[index], ends[index], steps[index])
    if (taken.length !== shape[axis]) axisRule(axis)
    positions[axis] = taken
  })
  return selected(shape, positions)
})

function rangeOf(size: number, start: number, end: number, step: number): number[] {
  const absolute = (value: number): number => (value < 0 ? value + size : value)
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1]
  const first = clamp(absolute(start), step > 0 ? 0 : 0, step > 0 ? size : size - 1)
  const stop = clamp(absolute(end), low, high)
  const positions: number[] = []
  for (let at = first; step > 0 ? at < stop : at > stop; at += step) positions.push(at)
  return positions
}

/** Split(input, split?): https://onnx.ai/onnx/operators/onnx__Split.html */
export const split = rearranging((operation, shape, axisRule) => {
  const { node, opset } = operation
  const axis = axisRule(normaliseAxis(intAttribute(node, 'axis', 0), shape.length))
  const given = opset < 13 ? intsAttribute(node, 'split') : operation.optionalIntegers(1)
  const parts = intAttribute(node, 'num_outputs', node.outputs.length)
  const even = Math.ceil(shape[axis] / parts)
  // Only num_outputs, of operator set 18, lets the last part be smaller.
  if (!given && opset < 18 && shape[axis] % parts !== 0) {
    throw operation.malformed(`${shape[axis]} do not split into ${parts} even parts`)
  }
  const sizes = given ?? node.outputs.map((_, part) => clamp(shape[axis] - part * even, 0, even))
  if (sizes.reduce((sum, size) => sum + size, 0) !== shape[axis] || sizes.some((size) => size < 0)) {
    throw operation.malformed(`sizes [${sizes}] do not fit ${shape[axis]}`)
  }
  let start = 0
  return sizes.map((size) => {
    const positions = Array.from({ length: size }, (_, index) => start + index)
    start += size
    return selectedAlong(shape, axis, positions)
  })
})

/** Gather(data, indices): https://onnx.ai/onnx/operators/onnx__Gather.html */
export const gather = rearranging((operation, shape, axisRule) => {
  const axis = axisRule(normaliseAxis(intAttribute(operation.node, 'axis', 0), shape.length))
  const indices = operation.constant(1)
  const positions = [...indices.data].map((index) => wrapped(operation, index, shape[axis]))
  const { indices: moved } = selectedAlong(shape, axis, positions)
  return { shape: [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)], indices: moved }
})

/** GatherElements with constant indices: https://onnx.ai/onnx/operators/onnx__GatherElements.html */
export const gatherElements = rearranging((operation, shape, axisRule) => {
  const axis = axisRule(normaliseAxis(intAttribute(operation.node, 'axis', 0), shape.length))
  const indices = operation.constant(1)
  const [strides, own] = [stridesOf(shape), stridesOf(indices.shape)]
  checkElementIndices(operation, indices.shape, shape, axis)
  const moved = Int32Array.from({ length: countOf(indices.shape) }, (_, at) =>
    shape.reduce((sum, size, other) => {
      const position = Math.floor(at / own[other]) % indices.shape[other]
      return sum + strides[other] * (other === axis ? wrapped(operation, indices.data[at], size) : position)
    }, 0),
  )
  return { shape: indices.shape, indices: moved }
})

/** @throws UserError bad-node unless indices of single elements fit the data in all axes but their own */
export function checkElementIndices(
  operation: FoldOperation,
  indices: readonly number[],
  data: readonly number[],
  axis: number,
): void {
  if (indices.length !== data.length) throw operation.malformed('its indices have another rank')
  if (indices.some((size, other) => other !== axis && size > data[other])) {
    throw operation.malformed(`[${indices}] indices do not fit [${data}]`)
  }
}

/** An index as it counts from the front. @throws UserError bad-node where it is no place among so many */
export function wrapped(operation: FoldOperation, index: number, size: number): number {
  if (!Number.isInteger(index)) throw operation.malformed(`index ${index} is not a whole number`)
  const position = index < 0 ? index + size : index
  if (!(position >= 0 && position < size)) throw operation.malformed(`index ${index} lies outside ${size}`)
  return position
}
