import { intAttribute, intsAttribute } from '../../graph/attributes.ts'
import { sizeOf, type ConvMap, type LinearMap, type Shape } from '../../network/layer-model.ts'
import { eachEntry } from '../../network/linear-maps.ts'
import type { Operator } from '../operation.ts'
import { takePadding } from '../take-padding.ts'
import { windowedImage } from '../window.ts'

/**
 * AveragePool(X): https://onnx.ai/onnx/operators/onnx__AveragePool.html
 * A depthwise convolution with equal weights; a sparse map where the windows hold different numbers of elements
 * (padding that is not counted, windows that ceil_mode lets stick out).
 */
export const averagePool: Operator = {
  lower(operation) {
    const { node, network } = operation
    const kernelShape = intsAttribute(node, 'kernel_shape')
    if (!kernelShape) throw operation.malformed('attribute “kernel_shape” is missing')
    const view = operation.view(0)
    const image = windowedImage(operation, view, kernelShape)
    const { window, outputSize } = image
    if (window.pads.some((pad, side) => pad >= window.kernel[side % 2] * window.dilations[side % 2])) {
      throw operation.malformed(`its pads [${window.pads}] are as large as its kernel`)
    }
    const countsPads = intAttribute(node, 'count_include_pad', 0) !== 0
    const canTakePads = countsPads || window.pads.every((pad) => pad === 0)
    const channels = image.input[0]
    const output: Shape = [channels, ...outputSize]
    const area = window.kernel[0] * window.kernel[1]
    const counts = countsOf(window, image.input, outputSize, countsPads)
    const isUniform = counts.every((count) => count === area)
    const read = canTakePads
      ? takePadding(network, view, image)
      : { source: network.asImage(view, image.input), shape: image.input, pads: window.pads }
    const weight = new Float64Array(channels * area).fill(isUniform ? 1 / area : 1)
    const map: ConvMap = { kind: 'conv', ...window, pads: read.pads, weight, groups: channels }
    const pooling = isUniform ? map : divided(map, read.shape, output, counts)
    const terms = [{ input: read.source, map: pooling }]
    const layer = network.addLinear(terms, new Float64Array(channels), output)
    return { kind: 'view', source: layer, shape: image.onnxShape(channels) }
  },
}

/** Elements that each window averages over: those inside the image, and the padding where it counts. */
function countsOf(
  window: Pick<ConvMap, 'kernel' | 'strides' | 'dilations' | 'pads'>,
  [, height, width]: Shape,
  [rows, columns]: readonly [number, number],
  countsPads: boolean,
): Float64Array {
  const along = (axis: 0 | 1, size: number, position: number): number => {
    const [before, after] = countsPads ? [window.pads[axis], window.pads[axis + 2]] : [0, 0]
    let count = 0
    for (let tap = 0; tap < window.kernel[axis]; tap++) {
      const at = position * window.strides[axis] + tap * window.dilations[axis] - window.pads[axis]
      if (at >= -before && at < size + after) count += 1
    }
    return count
  }
  return Float64Array.from(
    { length: rows * columns },
    (_, index) => along(0, height, Math.floor(index / columns)) * along(1, width, index % columns),
  )
}

function divided(map: ConvMap, input: Shape, output: Shape, counts: Float64Array): LinearMap {
  const rowStarts = new Int32Array(sizeOf(output) + 1)
  const columns: number[] = []
  const values: number[] = []
  for (let row = 0; row < sizeOf(output); row++) {
    eachEntry(map, input, output, row, (column) => {
      columns.push(column)
      values.push(1 / counts[row % counts.length])
    })
    rowStarts[row + 1] = columns.length
  }
  return { kind: 'sparse', rowStarts, columns: Int32Array.from(columns), values: Float64Array.from(values) }
}
