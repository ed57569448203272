import { intAttribute } from '../../graph/attributes.ts'
import { countOf, normaliseAxis } from '../../graph/shapes.ts'
import type { Operator } from '../operation.ts'

/**
 * DequantizeLinear(x, scale, zero?) of stored weights: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
 * Formula: (x − zero)·scale, one scale or one per position along `axis`.
 */
export const dequantizeLinear: Operator = {
  fold(operation) {
    const [x, scale, zero] = [operation.constant(0), operation.constant(1), operation.optionalConstant(2)]
    const count = scale.data.length
    const axis = count === 1 ? 0 : normaliseAxis(intAttribute(operation.node, 'axis', 1), x.shape.length)
    if (count !== 1 && count !== x.shape[axis]) throw operation.refuse('it has a scale for each block')
    const inner = countOf(x.shape.slice(axis + 1))
    const at = (index: number): number => (count === 1 ? 0 : Math.floor(index / inner) % count)
    const data = x.data.map((value, index) => (value - (zero?.data[at(index)] ?? 0)) * scale.data[at(index)])
    return { elementType: 'float', shape: x.shape, data }
  },
  lower(operation) {
    throw operation.refuse('its input is rounded to integers', 'Export before quantisation.', operation.view(0).shape)
  },
}
