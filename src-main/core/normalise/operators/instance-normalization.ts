import { floatAttribute } from '../../graph/attributes.ts'
import { countOf } from '../../graph/shapes.ts'
import type { Operator } from '../operation.ts'

/**
 * InstanceNormalization(x, scale, B) of constants: https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
 * Formula: scale·(x − mean)/√(variance + epsilon) + B, with the mean and variance of each sample's channel.
 */
export const instanceNormalization: Operator = {
  fold(operation) {
    const [x, scale, bias] = [0, 1, 2].map((index) => operation.constant(index))
    const epsilon = floatAttribute(operation.node, 'epsilon', 1e-5)
    const size = countOf(x.shape.slice(2))
    const channels = x.shape[1] ?? 1
    if (scale.data.length !== channels || bias.data.length !== channels) {
      throw operation.malformed(`scale [${scale.shape}] and bias [${bias.shape}] do not fit [${x.shape}]`)
    }
    const data = Float64Array.from(x.data)
    for (let start = 0; start < data.length; start += size) {
      const part = data.subarray(start, start + size)
      const channel = (start / size) % channels
      const mean = part.reduce((sum, value) => sum + value, 0) / size
      const variance = part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size
      const factor = scale.data[channel] / Math.sqrt(variance + epsilon)
      part.forEach((value, index) => (part[index] = (value - mean) * factor + bias.data[channel]))
    }
    return { ...x, data }
  },
  lower(operation) {
    const hint = 'Retrain with BatchNormalization, which is folded into weights.'
    throw operation.refuse('it divides by a statistic of the input', hint, operation.view(0).shape)
  },
}
