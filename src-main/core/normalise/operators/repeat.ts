import { floatsAttribute, intAttribute, intsAttribute, stringAttribute } from '../../graph/attributes.ts'
import { broadcastTo, checkEnlarged, selected, transposed, type Rearrangement } from '../../graph/rearrange.ts'
import { broadcastShapes } from '../../graph/shapes.ts'
import type { FoldOperation } from '../operation.ts'
import { rearranging, type AxisRule } from './rearranging.ts'

/** Expand(input, shape): https://onnx.ai/onnx/operators/onnx__Expand.html */
export const expand = rearranging((operation, shape) => {
  return broadcastTo(shape, broadcastShapes(shape, operation.integers(1)))
})

/** Tile(input, repeats): https://onnx.ai/onnx/operators/onnx__Tile.html */
export const tile = rearranging((operation, shape, axisRule) => {
  const repeats = operation.integers(1)
  if (repeats.length !== shape.length) throw operation.malformed(`repeats [${repeats}] do not fit [${shape}]`)
  checkEnlarged(shape.map((size, axis) => size * repeats[axis]))
  return selected(
    shape,
    shape.map((size, axis) => {
      if (repeats[axis] === 1) return null
      axisRule(axis)
      return Array.from({ length: size * repeats[axis] }, (_, index) => index % size)
    }),
  )
})

/** Upsample(X, scales), the older Resize: https://onnx.ai/onnx/operators/onnx__Upsample.html */
export const upsample = rearranging((operation, shape, axisRule) => {
  const scales = operation.opset < 9 ? floatsAttribute(operation.node, 'scales') : operation.integers(1)
  const mode = stringAttribute(operation.node, 'mode', 'nearest')
  if (mode !== 'nearest') throw operation.refuse(`its mode is “${mode}”`, 'Use nearest with whole factors.')
  return enlarged(operation, shape, scales ?? [], axisRule)
})

/** Resize(X, roi, scales, sizes): https://onnx.ai/onnx/operators/onnx__Resize.html; nearest by whole factors only. */
export const resize = rearranging((operation, shape, axisRule) => {
  const { node, opset } = operation
  const mode = stringAttribute(node, 'mode', 'nearest')
  if (mode !== 'nearest') throw operation.refuse(`its mode is “${mode}”`, 'Use nearest with whole factors.')
  const scales = opset < 11 ? operation.optionalIntegers(1) : operation.optionalIntegers(2)
  const sizes = opset < 11 ? undefined : operation.optionalIntegers(3)
  const axes = intsAttribute(node, 'axes') ?? shape.map((_, axis) => axis)
  const given = scales && scales.length > 0 ? scales : sizes?.map((size, index) => size / shape[axes[index]])
  if (!given) throw operation.malformed('its scales are missing')
  const factors = shape.map((_, axis) => (axes.includes(axis) ? given[axes.indexOf(axis)] : 1))
  const transformation = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel')
  const rounding = stringAttribute(node, 'nearest_mode', 'round_prefer_floor')
  // By a whole factor f, output f·i + r reads: under half_pixel (r + 0.5)/f − 0.5 + i, which lies strictly between
  // i − 0.5 and i + 0.5, so that every rounding to nearest gives i; under asymmetric i + r/f, whose floor is i.
  const isHalfPixel = transformation === 'half_pixel' || transformation === 'pytorch_half_pixel'
  const isExact = opset < 11 || (isHalfPixel ? rounding.startsWith('round') : rounding === 'floor')
  const isKnown = isHalfPixel || (transformation === 'asymmetric' && (isExact || factors.every((f) => f === 1)))
  if (!isKnown && opset >= 11 && factors.some((factor) => factor !== 1)) {
    throw operation.refuse(
      `it maps coordinates by “${transformation}” and rounds by “${rounding}”`,
      'Use nearest with whole factors.',
    )
  }
  if (!isExact && factors.some((factor) => factor !== 1)) {
    throw operation.refuse(`it rounds by “${rounding}”`, 'Use nearest with whole factors.')
  }
  return enlarged(operation, shape, factors, axisRule)
})

function enlarged(
  operation: FoldOperation,
  shape: readonly number[],
  scales: readonly number[],
  axisRule: AxisRule,
): Rearrangement {
  if (scales.length !== shape.length) throw operation.malformed(`scales [${scales}] do not fit [${shape}]`)
  if (scales.some((scale) => !Number.isInteger(scale) || scale < 1)) {
    throw operation.refuse(`it resizes by [${scales}]`, 'Use nearest with whole factors.')
  }
  checkEnlarged(shape.map((size, axis) => size * scales[axis]))
  return selected(
    shape,
    shape.map((size, axis) => {
      if (scales[axis] === 1) return null
      axisRule(axis)
      return Array.from({ length: size * scales[axis] }, (_, index) => Math.floor(index / scales[axis]))
    }),
  )
}

const orders = { DCR: [0, 3, 4, 1, 5, 2], CRD: [0, 1, 4, 2, 5, 3] } as const

/** DepthToSpace(input): https://onnx.ai/onnx/operators/onnx__DepthToSpace.html */
export const depthToSpace = rearranging((operation, shape) => {
  const { node } = operation
  const block = intAttribute(node, 'blocksize', 0)
  const [batch, channels, height, width] = shape
  const inner = channels / block ** 2
  if (shape.length !== 4 || !Number.isInteger(inner)) throw operation.malformed(`[${shape}] has no blocks of ${block}`)
  const isCrd = stringAttribute(node, 'mode', 'DCR') === 'CRD'
  const split = isCrd ? [batch, inner, block, block, height, width] : [batch, block, block, inner, height, width]
  const { indices } = transposed(split, isCrd ? orders.CRD : orders.DCR)
  return { shape: [batch, inner, height * block, width * block], indices }
})

/** SpaceToDepth(input): https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html */
export const spaceToDepth = rearranging((operation, shape) => {
  const block = intAttribute(operation.node, 'blocksize', 0)
  const [batch, channels, height, width] = shape
  const [rows, columns] = [height / block, width / block]
  if (shape.length !== 4 || !Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw operation.malformed(`[${shape}] has no blocks of ${block}`)
  }
  const { indices } = transposed([batch, channels, rows, block, columns, block], [0, 3, 5, 1, 2, 4])
  return { shape: [batch, channels * block ** 2, rows, columns], indices }
})
