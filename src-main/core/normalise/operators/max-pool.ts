import { intsAttribute } from '../../graph/attributes.ts'
import type { Operation, Operator } from '../operation.ts'
import type { Value } from '../values.ts'
import { windowedImage } from '../window.ts'

/** MaxPool(X): https://onnx.ai/onnx/operators/onnx__MaxPool.html, first output only. */
export const maxPool: Operator = {
  lower(operation) {
    const kernelShape = intsAttribute(operation.node, 'kernel_shape')
    if (!kernelShape) throw operation.malformed('attribute “kernel_shape” is missing')
    return lowerMaxPool(operation, kernelShape)
  },
}

/** GlobalMaxPool(X): https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html */
export const globalMaxPool: Operator = {
  lower: (operation) => lowerMaxPool(operation, operation.view(0).shape.slice(2)),
}

function lowerMaxPool(operation: Operation, kernelShape: readonly number[]): readonly Value[] {
  const view = operation.view(0)
  const { input, window, outputSize, onnxShape } = windowedImage(operation, view, kernelShape)
  if (window.pads.some((pad, side) => pad >= (window.kernel[side % 2] - 1) * window.dilations[side % 2] + 1)) {
    throw operation.malformed(`its pads [${window.pads}] are as large as its kernel`)
  }
  const source = operation.network.addMaxPool({
    input: operation.network.asImage(view, input),
    shape: [input[0], ...outputSize],
    ...window,
  })
  return [{ kind: 'view', source, shape: onnxShape(input[0]) }]
}
