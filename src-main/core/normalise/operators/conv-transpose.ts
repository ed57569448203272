import { intAttribute, intsAttribute, wordAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { selected } from '../../graph/rearrange.ts'
import { countOf, sameShape } from '../../graph/shapes.ts'
import type { ConvMap } from '../../network/layer-model.ts'
import type { Operation, Operator } from '../operation.ts'
import { takePadding } from '../take-padding.ts'
import { rearrangeView } from '../values.ts'
import type { WindowedImage } from '../window.ts'

const maximumElements = 2 ** 22

interface Axis {
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  readonly before: number
  readonly output: number
}

/**
 * ConvTranspose(X, W, B?): https://onnx.ai/onnx/operators/onnx__ConvTranspose.html; W is [in][out / group][kernel…].
 * Formula: zeros are put between the inputs (stride − 1 of them) and around, then W, turned round, is convolved.
 */
export const convTranspose: Operator = {
  lower(operation) {
    const { network, node } = operation
    const view = operation.view(0)
    const weight = operation.constant(1)
    const bias = operation.optionalConstant(2)
    const groups = intAttribute(node, 'group', 1)
    const [batch, channels, ...spatial] = view.shape
    if (batch !== 1 || spatial.length < 1 || spatial.length > 2) throw operation.refuse(`its input is [${view.shape}]`)
    const outputs = weight.shape[1] * groups
    if (weight.shape.length !== view.shape.length || weight.shape[0] !== channels || channels % groups !== 0) {
      throw operation.malformed(`its weight is [${weight.shape}] but its input is [${view.shape}]`)
    }
    if (bias && !sameShape(bias.shape, [outputs])) throw operation.malformed(`its bias is [${bias.shape}]`)
    const axes = axesOf(operation, spatial, weight.shape.slice(2))
    if (channels * axes.reduce((area, axis) => area * spreadLength(axis), 1) > maximumElements) {
      throw operation.refuse('it is too large', 'Only small transposed convolutions can be protected.')
    }
    const positions = axes.map((axis, index) => spreadPositions(axis, spatial[index]))
    const spread = rearrangeView(view, selected(view.shape, [null, null, ...positions]))
    const line: Axis = { kernel: 1, stride: 1, dilation: 1, before: 0, output: 1 }
    const [rows, columns] = axes.length === 1 ? [line, axes[0]] : axes
    const image: WindowedImage = {
      input: [channels, spreadLength(rows), spreadLength(columns)],
      window: {
        kernel: [rows.kernel, columns.kernel],
        strides: [1, 1],
        dilations: [rows.dilation, columns.dilation],
        pads: [0, 0, 0, 0],
      },
      outputSize: [rows.output, columns.output],
      onnxShape: () => [1, outputs, ...axes.map((axis) => axis.output)],
      swapped: false,
    }
    const { source, pads } = takePadding(network, spread, image)
    const map: ConvMap = { kind: 'conv', ...image.window, pads, weight: turned(weight, groups), groups }
    const shift = bias?.data ?? new Float64Array(outputs)
    const layer = network.addLinear([{ input: source, map }], shift, [outputs, ...image.outputSize])
    return { kind: 'view', source: layer, shape: image.onnxShape(outputs) }
  },
}

const spreadLength = ({ output, kernel, dilation }: Axis): number => output + (kernel - 1) * dilation

/** Which input stands at each place of the spread-out axis; −1 for a zero. */
function spreadPositions(axis: Axis, size: number): number[] {
  const start = (axis.kernel - 1) * axis.dilation - axis.before
  return Array.from({ length: spreadLength(axis) }, (_, index) => {
    const position = (index - start) / axis.stride
    return Number.isInteger(position) && position >= 0 && position < size ? position : -1
  })
}

/** [in][out / group][kernel] → [out][in / group][kernel backwards]. */
function turned({ shape, data }: Tensor, groups: number): Float64Array {
  const [channels, outputsPerGroup, ...kernel] = shape
  const inputsPerGroup = channels / groups
  const taps = countOf(kernel)
  return Float64Array.from(data, (_, at) => {
    const [output, input, tap] = [
      Math.floor(at / (inputsPerGroup * taps)),
      Math.floor(at / taps) % inputsPerGroup,
      taps - 1 - (at % taps),
    ]
    const from = Math.floor(output / outputsPerGroup) * inputsPerGroup + input
    return data[(from * outputsPerGroup + (output % outputsPerGroup)) * taps + tap]
  })
}

function axesOf(operation: Operation, spatial: readonly number[], kernel: readonly number[]): Axis[] {
  const { node } = operation
  const rank = spatial.length
  const list = (name: string, length: number, fallback: number): readonly number[] => {
    const values = intsAttribute(node, name) ?? new Array<number>(length).fill(fallback)
    if (values.length !== length || values.some((value) => value < fallback)) {
      throw operation.malformed(`attribute “${name}” is [${values}]`)
    }
    return values
  }
  const [strides, dilations] = [list('strides', rank, 1), list('dilations', rank, 1)]
  const [pads, extra] = [list('pads', 2 * rank, 0), list('output_padding', rank, 0)]
  const wanted = intsAttribute(node, 'output_shape')
  const autoPad = wordAttribute(node, 'auto_pad', ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'], 'NOTSET')
  return spatial.map((size, axis) => {
    const full = strides[axis] * (size - 1) + extra[axis] + (kernel[axis] - 1) * dilations[axis] + 1
    const isSame = autoPad.startsWith('SAME')
    const target = wanted ? wanted[wanted.length - rank + axis] : isSame ? size * strides[axis] : undefined
    const total = target === undefined ? pads[axis] + pads[axis + rank] : Math.max(0, full - target)
    const halfUp = autoPad === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2)
    const before = target === undefined ? (autoPad === 'VALID' ? 0 : pads[axis]) : halfUp
    const output = target ?? full - (autoPad === 'VALID' ? 0 : total)
    if (!(output > 0)) throw operation.malformed(`its output would have size ${output}`)
    return { kernel: kernel[axis], stride: strides[axis], dilation: dilations[axis], before, output }
  })
}
