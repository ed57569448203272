import { floatAttribute, intsAttribute, wordAttribute } from '../../graph/attributes.ts'
import { checkEnlarged, selected } from '../../graph/rearrange.ts'
import { normaliseAxis } from '../../graph/shapes.ts'
import { rearranging } from './rearranging.ts'

const modes = ['constant', 'reflect', 'edge', 'wrap'] as const

/** Pad(data, pads, value?, axes?): https://onnx.ai/onnx/operators/onnx__Pad.html; negative pads crop. */
export const pad = rearranging((operation, shape, axisRule) => {
  const { node, opset } = operation
  const attribute = opset < 2 ? 'paddings' : 'pads'
  const pads = opset < 11 ? intsAttribute(node, attribute) : operation.integers(1)
  const value = opset < 11 ? floatAttribute(node, 'value', 0) : (operation.optionalConstant(2)?.data[0] ?? 0)
  const axes = opset < 18 ? undefined : operation.optionalIntegers(3)?.map((axis) => normaliseAxis(axis, shape.length))
  const padded = axes ?? shape.map((_, axis) => axis)
  if (!pads || pads.length !== 2 * padded.length) throw operation.malformed(`pads [${pads}] do not fit [${shape}]`)
  const mode = wordAttribute(node, 'mode', modes, 'constant')
  if (pads.every((size) => size === 0)) return selected(shape, [])
  if (mode === 'constant' && value !== 0) throw operation.refuse(`it pads with ${value}`, 'Pad with zeros.')
  const frames = shape.map((_, axis) => {
    const at = padded.indexOf(axis)
    const [before, after] = at < 0 ? [0, 0] : [pads[at], pads[at + padded.length]]
    if (before !== 0 || after !== 0) axisRule(axis)
    return { before, after }
  })
  const lengths = shape.map((size, axis) => size + frames[axis].before + frames[axis].after)
  checkEnlarged(lengths)
  const positions = shape.map((size, axis) =>
    Array.from({ length: lengths[axis] }, (_, index) => positionOf(mode, index - frames[axis].before, size)),
  )
  return selected(shape, positions)
})

function positionOf(mode: (typeof modes)[number], index: number, size: number): number {
  if (index >= 0 && index < size) return index
  if (mode === 'constant') return -1
  if (mode === 'edge') return index < 0 ? 0 : size - 1
  if (mode === 'wrap') return ((index % size) + size) % size
  const period = 2 * (size - 1)
  const wrapped = period === 0 ? 0 : ((index % period) + period) % period
  return wrapped < size ? wrapped : period - wrapped
}
