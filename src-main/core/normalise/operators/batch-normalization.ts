import { floatAttribute, intAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { sameShape } from '../../graph/shapes.ts'
import type { Operation, Operator } from '../operation.ts'

/**
 * BatchNormalization(X, scale, B, mean, var): https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 * Formula: y = x·f + (B − mean·f) with f = scale / √(var + epsilon), per channel.
 */
export const batchNormalization: Operator = {
  lower(operation) {
    const view = operation.view(0)
    const channels = view.shape[1] ?? 1
    if (isTraining(operation)) {
      const hint = 'Export the model in evaluation mode, such as after model.eval().'
      throw operation.refuse('it is in training mode: it normalises by statistics of the batch', hint, view.shape)
    }
    if (operation.opset < 9 && intAttribute(operation.node, 'spatial', 1) === 0) {
      throw operation.refuse('spatial = 0 normalises each element by itself', 'Export with operator set 9 or later.')
    }
    const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => {
      const tensor = operation.constant(index)
      if (!sameShape(tensor.shape, [channels])) {
        throw operation.malformed(`input ${index + 1} is [${tensor.shape}] but its input has ${channels} channels`)
      }
      return tensor.data
    })
    const epsilon = floatAttribute(operation.node, 'epsilon', 1e-5)
    const factor = scale.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon))
    if (!factor.every(Number.isFinite)) throw operation.malformed('variance + epsilon is not positive')
    const shift = bias.map((value, channel) => value - mean[channel] * factor[channel])
    const perChannel = (data: Float64Array): Tensor => ({
      elementType: 'float',
      shape: [channels, ...view.shape.slice(2).map(() => 1)],
      data,
    })
    return operation.network.affine(view, view.shape, perChannel(factor), perChannel(shift))
  },
}

/** An attribute since operator set 14; outputs beyond the first say so before. */
const isTraining = ({ opset, node }: Operation): boolean =>
  opset >= 14 ? intAttribute(node, 'training_mode', 0) !== 0 : node.outputs.length > 1
