import { hasAttribute, intAttribute, intsAttribute } from '../../graph/attributes.ts'
import { selected, selectedAlong } from '../../graph/rearrange.ts'
import { countOf, normaliseAxis } from '../../graph/shapes.ts'
import { rearranging } from './rearranging.ts'

/** Trilu(x, k?): https://onnx.ai/onnx/operators/onnx__Trilu.html; the other triangle of each matrix becomes 0. */
export const trilu = rearranging((operation, shape) => {
  if (shape.length < 2) throw operation.malformed(`[${shape}] is no matrix`)
  const [rows, columns] = shape.slice(-2)
  const isUpper = intAttribute(operation.node, 'upper', 1) !== 0
  const [diagonal = 0] = operation.optionalIntegers(1) ?? []
  const isKept = (at: number): boolean => {
    const distance = (at % columns) - (Math.floor(at / columns) % rows)
    return isUpper ? distance >= diagonal : distance <= diagonal
  }
  return { shape, indices: Int32Array.from({ length: countOf(shape) }, (_, at) => (isKept(at) ? at : -1)) }
})

/** Compress(input, condition) with a constant condition: https://onnx.ai/onnx/operators/onnx__Compress.html */
export const compress = rearranging((operation, shape, axisRule) => {
  const kept = [...operation.constant(1).data].flatMap((value, at) => (value !== 0 ? [at] : []))
  if (!hasAttribute(operation.node, 'axis')) {
    shape.forEach((_, axis) => axisRule(axis))
    if (kept.some((at) => at >= countOf(shape))) throw operation.malformed(`its condition does not fit [${shape}]`)
    return { shape: [kept.length], indices: Int32Array.from(kept) }
  }
  const axis = axisRule(normaliseAxis(intAttribute(operation.node, 'axis', 0), shape.length))
  if (kept.some((at) => at >= shape[axis])) throw operation.malformed(`its condition does not fit [${shape}]`)
  return selectedAlong(shape, axis, kept)
})

/** CenterCropPad(x, shape): https://onnx.ai/onnx/operators/onnx__CenterCropPad.html; of an odd rest more is at the end. */
export const centerCropPad = rearranging((operation, shape, axisRule) => {
  const axes = (intsAttribute(operation.node, 'axes') ?? shape.map((_, axis) => axis)).map((axis) =>
    normaliseAxis(axis, shape.length),
  )
  const wanted = operation.integers(1)
  if (wanted.length !== axes.length) throw operation.malformed(`its shape [${wanted}] does not fit axes [${axes}]`)
  const positions = shape.map((size, axis) => {
    const length = axes.includes(axis) ? wanted[axes.indexOf(axis)] : size
    if (length === size) return null
    axisRule(axis)
    const before = length > size ? -Math.floor((length - size) / 2) : Math.floor((size - length) / 2)
    return Array.from({ length }, (_, at) => (at + before >= 0 && at + before < size ? at + before : -1))
  })
  return selected(shape, positions)
})
