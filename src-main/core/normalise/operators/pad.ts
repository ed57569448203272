import { floatAttribute, intsAttribute, wordAttribute } from '../../graph/attributes.ts'
import { checkEnlarged, rearrange, selected, type Rearrangement } from '../../graph/rearrange.ts'
import { normaliseAxis } from '../../graph/shapes.ts'
import type { FoldOperation, Operator } from '../operation.ts'
import { rearrangeView } from '../values.ts'
import type { AxisRule } from './rearranging.ts'

const modes = ['constant', 'reflect', 'edge', 'wrap'] as const

/** Pad(data, pads, value?, axes?): https://onnx.ai/onnx/operators/onnx__Pad.html; negative pads crop. */
export const pad: Operator = {
  fold(operation) {
    const tensor = operation.constant(0)
    const frame = framed(operation, tensor.shape, (axis) => axis)
    const value = valueOf(operation)
    const data = rearrange(tensor.data, frame)
    frame.indices?.forEach((index, at) => index < 0 && (data[at] = value))
    return { ...tensor, shape: frame.shape, data }
  },
  lower(operation) {
    const view = operation.view(0)
    const frame = framed(operation, view.shape, (axis) => operation.axis(axis, view.shape.length))
    const padded = rearrangeView(view, frame)
    const value = valueOf(operation)
    if (value === 0 || !frame.indices) return padded
    const data = Float64Array.from(frame.indices, (index) => (index < 0 ? value : 0))
    return operation.network.affine(padded, frame.shape, undefined, { elementType: 'float', shape: frame.shape, data })
  },
}

/** What stands in the frame in mode “constant”. */
function valueOf(operation: FoldOperation): number {
  if (operation.opset < 11) return floatAttribute(operation.node, 'value', 0)
  return operation.inputs[2] ? (operation.optionalNumber(2) ?? 0) : 0
}

function framed(operation: FoldOperation, shape: readonly number[], axisRule: AxisRule): Rearrangement {
  const { node, opset } = operation
  const attribute = opset < 2 ? 'paddings' : 'pads'
  const pads = opset < 11 ? intsAttribute(node, attribute) : operation.integers(1)
  const axes = opset < 18 ? undefined : operation.optionalIntegers(3)?.map((axis) => normaliseAxis(axis, shape.length))
  const padded = axes ?? shape.map((_, axis) => axis)
  if (!pads || pads.length !== 2 * padded.length) throw operation.malformed(`pads [${pads}] do not fit [${shape}]`)
  const mode = wordAttribute(node, 'mode', modes, 'constant')
  if (pads.every((size) => size === 0)) return selected(shape, [])
  const frames = shape.map((_, axis) => {
    const at = padded.indexOf(axis)
    const [before, after] = at < 0 ? [0, 0] : [pads[at], pads[at + padded.length]]
    if (before !== 0 || after !== 0) axisRule(axis)
    return { before, after }
  })
  const lengths = shape.map((size, axis) => size + frames[axis].before + frames[axis].after)
  checkEnlarged(lengths)
  const positions = shape.map((size, axis) =>
    Array.from({ length: lengths[axis] }, (_, index) => {
      const { before, after } = frames[axis]
      if (mode !== 'wrap') return positionOf(mode, index - before, size)
      // As ONNX Runtime does: what is cropped does not come round at the other end.
      const [first, end] = [Math.max(0, -before), size - Math.max(0, -after)]
      return first + positionOf(mode, index - before - first, end - first)
    }),
  )
  return selected(shape, positions)
}

function positionOf(mode: (typeof modes)[number], index: number, size: number): number {
  if (index >= 0 && index < size) return index
  if (mode === 'constant') return -1
  if (mode === 'edge') return index < 0 ? 0 : size - 1
  if (mode === 'wrap') return ((index % size) + size) % size
  const period = 2 * (size - 1)
  const wrapped = period === 0 ? 0 : ((index % period) + period) % period
  return wrapped < size ? wrapped : period - wrapped
}
