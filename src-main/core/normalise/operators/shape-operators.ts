import { intAttribute, intsAttribute } from '../../graph/attributes.ts'
import { reshaped, transposed } from '../../graph/rearrange.ts'
import { countOf, normaliseAxis } from '../../graph/shapes.ts'
import type { FoldOperation, Operator, Pointwise } from '../operation.ts'
import { present } from '../../must.ts'
import { rearranging } from './rearranging.ts'

/** Reshape(data, shape): https://onnx.ai/onnx/operators/onnx__Reshape.html */
export const reshape: Operator = rearranging((operation, shape) => {
  const wanted = operation.opset < 5 ? intsAttribute(operation.node, 'shape') : operation.integers(1)
  if (!wanted) throw operation.malformed('attribute “shape” is missing')
  const copiesZero = intAttribute(operation.node, 'allowzero', 0) === 0
  const isBatch = (size: number, axis: number): boolean => axis === 0 && operation.batch > 1 && size === operation.batch
  const sizes = wanted.map((size, axis) => {
    if (isBatch(size, axis)) return 1
    return size === 0 && copiesZero ? shape[axis] : size
  })
  if (sizes.some((size) => size === undefined || size < -1) || sizes.filter((size) => size === -1).length > 1) {
    throw operation.malformed(`[${shape}] cannot be reshaped to [${wanted}]`)
  }
  const known = countOf(sizes.filter((size) => size !== -1))
  const result = sizes.map((size) => (size === -1 ? countOf(shape) / known : size))
  if (countOf(result) !== countOf(shape) || !result.every(Number.isInteger)) {
    throw operation.malformed(`[${shape}] cannot be reshaped to [${wanted}]`)
  }
  return reshaped(result)
})

/** Flatten(input): https://onnx.ai/onnx/operators/onnx__Flatten.html */
export const flatten: Operator = rearranging((operation, shape) => {
  const given = intAttribute(operation.node, 'axis', 1)
  const axis = given === shape.length ? given : normaliseAxis(given, shape.length)
  return reshaped([countOf(shape.slice(0, axis)), countOf(shape.slice(axis))])
})

/** Squeeze(data, axes?): https://onnx.ai/onnx/operators/onnx__Squeeze.html */
export const squeeze: Operator = rearranging((operation, shape) => {
  const axes = axesOf(operation)?.map((axis) => normaliseAxis(axis, shape.length))
  const isRemoved = (axis: number): boolean => (axes ? axes.includes(axis) : shape[axis] === 1)
  if (axes?.some((axis) => shape[axis] !== 1)) throw operation.malformed(`[${shape}] has no axes ${axes} of size 1`)
  return reshaped(shape.filter((_, axis) => !isRemoved(axis)))
})

/** Unsqueeze(data, axes): https://onnx.ai/onnx/operators/onnx__Unsqueeze.html */
export const unsqueeze: Operator = rearranging((operation, shape) => {
  const given = axesOf(operation)
  if (!given) throw operation.malformed('its axes are missing')
  const rank = shape.length + given.length
  const axes = new Set(given.map((axis) => normaliseAxis(axis, rank)))
  if (axes.size !== given.length) throw operation.malformed(`axes [${given}] repeat`)
  const rest = [...shape]
  return reshaped(Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : present(rest.shift()))))
})

/** Transpose(data): https://onnx.ai/onnx/operators/onnx__Transpose.html */
export const transpose: Operator = rearranging((operation, shape, axisRule) => {
  const reversed = shape.map((_, axis) => shape.length - 1 - axis)
  const permutation = intsAttribute(operation.node, 'perm') ?? reversed
  if (permutation[0] !== 0 && shape.length > 0) axisRule(0)
  return transposed(shape, permutation)
})

/** Identity(input): https://onnx.ai/onnx/operators/onnx__Identity.html */
const isIdentity = (): Pointwise => ({ operator: 'Identity', inputs: 1 })

export const identity: Operator = { pointwise: isIdentity, ...rearranging((_, shape) => reshaped(shape)) }

/** Dropout(data, ratio?, training_mode?), nothing at inference: https://onnx.ai/onnx/operators/onnx__Dropout.html */
export const dropout: Operator = rearranging((operation, shape) => {
  const isTraining = operation.opset >= 12 && operation.optionalNumber(2) === 1
  const drops = isTraining && (operation.optionalNumber(1) ?? 0.5) > 0
  if (drops) {
    const hint = 'Export the model in evaluation mode, such as after model.eval().'
    throw operation.refuse('it is in training mode: it drops values at random', hint, shape)
  }
  return reshaped(shape)
})

/** `axes` moved from attribute to input in operator set 13. */
function axesOf(operation: FoldOperation): readonly number[] | undefined {
  return operation.opset < 13 ? intsAttribute(operation.node, 'axes') : operation.optionalIntegers(1)
}
