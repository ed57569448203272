import {
  floatAttribute,
  floatsAttribute,
  hasAttribute,
  intAttribute,
  intsAttribute,
  tensorAttribute,
} from '../../graph/attributes.ts'
import type { ElementType, Tensor } from '../../graph/graph.ts'
import type { Operator } from '../operation.ts'

/** Constant(): https://onnx.ai/onnx/operators/onnx__Constant.html */
export const constant: Operator = {
  fold(operation) {
    const { node } = operation
    const tensor = (elementType: ElementType, shape: readonly number[], values: readonly number[]): Tensor => ({
      elementType,
      shape,
      data: Float64Array.from(values),
    })
    const value = tensorAttribute(node, 'value')
    if (value) return value
    if (hasAttribute(node, 'value_float')) return tensor('float', [], [floatAttribute(node, 'value_float', 0)])
    if (hasAttribute(node, 'value_int')) return tensor('int', [], [intAttribute(node, 'value_int', 0)])
    const floats = floatsAttribute(node, 'value_floats')
    const ints = floats ? undefined : intsAttribute(node, 'value_ints')
    if (floats) return tensor('float', [floats.length], floats)
    if (ints) return tensor('int', [ints.length], ints)
    throw operation.refuse('its value is neither a tensor nor numbers')
  },
}
