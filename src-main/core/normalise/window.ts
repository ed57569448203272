import { intAttribute, intsAttribute, wordAttribute } from '../graph/attributes.ts'
import { lrn } from './operators/refused.ts'
import type { Shape } from '../network/layer-model.ts'
import type { Operation } from './operation.ts'
import type { View } from './values.ts'

type Pair = readonly [number, number]

/** Where a kernel of a convolution or a pooling stands, always in two dimensions; 1-D has height 1. */
export interface Window {
  readonly kernel: Pair
  readonly strides: Pair
  readonly dilations: Pair
  readonly pads: readonly [top: number, left: number, bottom: number, right: number]
}

/** A windowed operator's image: the input as [C,H,W] and how to write the output's ONNX shape. */
export interface WindowedImage {
  readonly input: Shape
  readonly window: Window
  readonly outputSize: Pair
  readonly onnxShape: (channels: number) => number[]
  /** Whether rows and columns were exchanged, because a signal was written as one column. */
  readonly swapped: boolean
}

/** Kernels may be larger than a small image, but a pooling's is only a number, and each of its places is looked at. */
const widestKernel = 255

const autoPads = ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'] as const

/** LRN as PyTorch writes it: a mean over neighbouring channels, which stand along an axis of their own. */
const isAcrossChannels = ({ node }: Operation, kernel: readonly number[]): boolean =>
  node.operator === 'AveragePool' && kernel.length === 3 && kernel[0] > 1 && kernel[1] === 1 && kernel[2] === 1
const across = ['it averages over neighbouring channels, as LocalResponseNorm does', lrn.hint] as const

/** Reads kernel, strides, dilations, pads, auto_pad and ceil_mode by ONNX's rules for Conv and the poolings. */
export function windowedImage(operation: Operation, view: View, kernelShape: readonly number[]): WindowedImage {
  const { node } = operation
  const [batch, channels, ...spatial] = view.shape
  if (spatial.length < 1 || spatial.length > 2) {
    if (isAcrossChannels(operation, kernelShape)) throw operation.refuse(...across)
    throw operation.refuse(`it works on ${Math.max(0, view.shape.length - 2)} dimensions`, 'Use 1-D or 2-D networks.')
  }
  if (batch !== 1) throw operation.refuse(`its input holds ${batch} samples`, 'Export with batch size 1.')
  const rank = spatial.length
  const list = (name: string, fallback: readonly number[], least: number): readonly number[] => {
    const values = intsAttribute(node, name) ?? fallback
    if (values.length !== fallback.length || values.some((value) => value < least)) {
      throw operation.malformed(`attribute “${name}” is [${values}]`)
    }
    return values
  }
  if (kernelShape.length !== rank || kernelShape.some((size) => size < 1)) {
    throw operation.malformed(`a kernel of [${kernelShape}] does not fit ${rank} dimensions`)
  }
  const ones = new Array<number>(rank).fill(1)
  const strides = list('strides', ones, 1)
  const dilations = list('dilations', ones, 1)
  const explicit = list('pads', new Array<number>(2 * rank).fill(0), 0)
  const autoPad = wordAttribute(node, 'auto_pad', autoPads, 'NOTSET')
  const ceil = intAttribute(node, 'ceil_mode', 0) !== 0
  const axes = spatial.map((size, axis) => {
    if (kernelShape[axis] > Math.max(size, widestKernel)) {
      throw operation.malformed(`its kernel [${kernelShape}] is far larger than its input [${spatial}]`)
    }
    const extent = (kernelShape[axis] - 1) * dilations[axis] + 1
    const [before, after] = padsOf(autoPad, size, extent, strides[axis], [explicit[axis], explicit[axis + rank]])
    const room = size + before + after - extent
    if (room < 0) throw operation.malformed(`its kernel [${kernelShape}] is larger than its input [${spatial}]`)
    let output = (ceil ? Math.ceil(room / strides[axis]) : Math.floor(room / strides[axis])) + 1
    if (ceil && (output - 1) * strides[axis] >= size + before) output -= 1
    return { size, output, kernel: kernelShape[axis], stride: strides[axis], dilation: dilations[axis], before, after }
  })
  const line = { size: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0 }
  const isColumn = rank === 2 && axes[1].size === 1 && axes[1].output === 1 && axes[0].size > 1
  const [rows, columns] = rank === 1 ? [line, axes[0]] : isColumn ? [axes[1], axes[0]] : axes
  return {
    input: [channels, rows.size, columns.size],
    window: {
      kernel: [rows.kernel, columns.kernel],
      strides: [rows.stride, columns.stride],
      dilations: [rows.dilation, columns.dilation],
      pads: [rows.before, columns.before, rows.after, columns.after],
    },
    outputSize: [rows.output, columns.output],
    onnxShape: (outputChannels) => [1, outputChannels, ...axes.map(({ output }) => output)],
    swapped: isColumn,
  }
}

function padsOf(mode: (typeof autoPads)[number], size: number, extent: number, stride: number, explicit: Pair): Pair {
  if (mode === 'NOTSET') return explicit
  if (mode === 'VALID') return [0, 0]
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size)
  const smaller = Math.floor(total / 2)
  return mode === 'SAME_UPPER' ? [smaller, total - smaller] : [total - smaller, smaller]
}

/** Transposes kernels: [..., rows, columns] → [..., columns, rows]. */
export function swapKernel(weight: Float64Array, rows: number, columns: number): Float64Array {
  const area = rows * columns
  return weight.map((_, index) => {
    const tap = index % area
    return weight[index - tap + (tap % rows) * columns + Math.floor(tap / rows)]
  })
}
