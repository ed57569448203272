import { intAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { integerRanges, integerTypeOf, type IntegerType } from '../../graph/integer-types.ts'
import { countOf, normaliseAxis } from '../../graph/shapes.ts'
import { roundHalfEven } from '../../network/element-wise.ts'
import { dynamicQuantisation } from '../../network/fake-quantize.ts'
import type { FoldOperation, Operator } from '../operation.ts'

const hint = 'Quantise with constant scales, one for all channels of a value, or export before quantisation.'

/**
 * DequantizeLinear(x, scale, zero?) of stored weights: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
 * Formula: (x − zero)·scale; one scale, one per position along `axis`, or one per block of positions.
 */
export const dequantizeLinear: Operator = {
  fold(operation) {
    const { x, scaleAt, zeroAt } = gridOf(operation)
    const data = x.data.map((value, index) => (value - zeroAt(index)) * scaleAt(index))
    return { elementType: 'float', shape: x.shape, data }
  },
  lower: (operation) => {
    throw operation.refuse('its scale or zero point is not one constant', hint, operation.view(0).shape)
  },
}

/**
 * QuantizeLinear(x, scale, zero?) of constants: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
 * Formula: round(x / scale) + zero, in float32, halves to the even integer, held in the type's range.
 */
export const quantizeLinear: Operator = {
  fold(operation) {
    const { x, scaleAt, zeroAt, zero } = gridOf(operation)
    const declared = integerTypeOf(intAttribute(operation.node, 'output_dtype', 0))
    const integer: IntegerType = zero?.integer ?? declared ?? 'uint8'
    const [min, max] = integerRanges[integer]
    const data = x.data.map((value, index) => {
      const stored = roundHalfEven(Math.fround(value / scaleAt(index))) + zeroAt(index)
      return Math.min(max, Math.max(min, stored))
    })
    return { elementType: 'int', shape: x.shape, data, integer }
  },
  lower: (operation) => {
    const { shape } = operation.view(0)
    const asked = intAttribute(operation.node, 'output_dtype', 0)
    const reason = 'it rounds to float8, or another type that is neither real nor an integer'
    if (asked !== 0 && !integerTypeOf(asked)) throw operation.refuse(reason, hint, shape)
    throw operation.refuse('its scale or zero point is not one constant', hint, shape)
  },
}

/** DynamicQuantizeLinear(x) of a constant: https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html */
export const dynamicQuantizeLinear: Operator = {
  fold(operation) {
    const { data, shape } = operation.constant(0)
    const { scale, zero, min, max } = dynamicQuantisation(data)
    const stored = data.map((x) => Math.min(max, Math.max(min, roundHalfEven(Math.fround(x / scale)) + zero)))
    return [
      { elementType: 'int', integer: 'uint8', shape, data: stored },
      { elementType: 'float', shape: [], data: Float64Array.of(scale) },
      { elementType: 'int', integer: 'uint8', shape: [], data: Float64Array.of(zero) },
    ]
  },
}

interface Grid {
  readonly x: Tensor
  readonly zero: Tensor | undefined
  readonly scaleAt: (index: number) => number
  readonly zeroAt: (index: number) => number
}

/** Which scale and zero point belong to which element. */
function gridOf(operation: FoldOperation): Grid {
  const { node } = operation
  const [x, scale, zero] = [operation.constant(0), operation.constant(1), operation.optionalConstant(2)]
  if (scale.data.some((value) => value === 0)) throw operation.refuse('its scale is 0')
  const rank = x.shape.length
  const block = intAttribute(node, 'block_size', 0)
  const axis = rank === 0 ? 0 : normaliseAxis(intAttribute(node, 'axis', 1), Math.max(rank, 2)) % rank
  const [inner, size] = [countOf(x.shape.slice(axis + 1)), x.shape[axis] ?? 1]
  const blocks = block > 0 ? Math.ceil(size / block) : size
  const fits = (part: Tensor): boolean => {
    if (part.data.length === 1) return true
    return part.data.length === (block > 0 ? (countOf(x.shape) / size) * blocks : size)
  }
  if (block < 0 || ![scale, ...(zero ? [zero] : [])].every(fits)) {
    throw operation.malformed(`its scale or zero point does not fit [${x.shape}] along axis ${axis}`)
  }
  const place = (index: number): number => {
    const position = Math.floor(index / inner) % size
    if (block === 0) return position
    return (Math.floor(index / (inner * size)) * blocks + Math.floor(position / block)) * inner + (index % inner)
  }
  const at = (part: Tensor | undefined, index: number): number =>
    part ? part.data[part.data.length === 1 ? 0 : place(index)] : 0
  return { x, zero, scaleAt: (index) => at(scale, index), zeroAt: (index) => at(zero, index) }
}
