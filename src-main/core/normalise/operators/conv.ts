import { intAttribute, intsAttribute } from '../../graph/attributes.ts'
import { sameShape } from '../../graph/shapes.ts'
import type { ConvMap } from '../../network/layer-model.ts'
import type { Operator } from '../operation.ts'
import { takePadding } from '../take-padding.ts'
import { swapKernel, windowedImage } from '../window.ts'

/** Conv(X, W, B?): https://onnx.ai/onnx/operators/onnx__Conv.html */
export const conv: Operator = {
  lower(operation) {
    const { node, network } = operation
    const view = operation.view(0)
    const weight = operation.constant(1)
    const [outputs, perGroup, ...kernel] = weight.shape
    const declared = intsAttribute(node, 'kernel_shape')
    if (declared && !sameShape(declared, kernel)) {
      throw operation.malformed(`kernel_shape [${declared}] does not fit its weight [${weight.shape}]`)
    }
    const image = windowedImage(operation, view, kernel)
    const { window, outputSize, swapped, onnxShape } = image
    const groups = intAttribute(node, 'group', 1)
    if (groups < 1 || perGroup * groups !== image.input[0] || outputs % groups !== 0) {
      throw operation.malformed(`weight [${weight.shape}] in ${groups} groups does not fit ${image.input[0]} channels`)
    }
    const bias = operation.optionalConstant(2)
    if (bias && !sameShape(bias.shape, [outputs])) throw operation.malformed(`its bias is [${bias.shape}]`)
    const { source, pads } = takePadding(network, view, image)
    const map: ConvMap = {
      kind: 'conv',
      ...window,
      pads,
      weight: swapped ? swapKernel(weight.data, window.kernel[1], window.kernel[0]) : weight.data,
      groups,
    }
    const shift = bias?.data ?? new Float64Array(outputs)
    const layer = network.addLinear([{ input: source, map }], shift, [outputs, ...outputSize])
    return { kind: 'view', source: layer, shape: onnxShape(outputs) }
  },
}
