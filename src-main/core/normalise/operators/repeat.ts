import { intAttribute, stringAttribute } from '../../graph/attributes.ts'
import { broadcastTo, checkEnlarged, selected, transposed } from '../../graph/rearrange.ts'
import { broadcastShapes } from '../../graph/shapes.ts'
import { rearranging } from './rearranging.ts'

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
