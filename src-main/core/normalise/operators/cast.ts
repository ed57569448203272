import { hasAttribute, intAttribute, stringAttribute } from '../../graph/attributes.ts'
import type { ElementType, Tensor } from '../../graph/graph.ts'
import { reshaped } from '../../graph/rearrange.ts'
import { integerTypeOf } from '../../graph/integer-types.ts'
import { elementTypeOf } from '../../onnx/read-tensor.ts'
import type { FoldOperation, Operator } from '../operation.ts'
import { rearrangeTensor } from '../values.ts'

/** Cast(input): https://onnx.ai/onnx/operators/onnx__Cast.html; between real types only, where values depend on the input. */
export const cast: Operator = {
  pointwise: (operation) => ({ operator: conversions[targetOf(operation)], inputs: 1 }),
  fold: (operation) => castTensor(operation, targetOf(operation)),
  lower(operation) {
    const target = targetOf(operation)
    const view = operation.view(0)
    if (target === 'float') return view
    throw operation.refuse('it rounds values to integers', 'Keep floating-point numbers throughout.', view.shape)
  },
}

/** To strings and what else there may be, nothing is converted: lowering refuses. */
const conversions = { float: 'Identity', int: 'Truncate', bool: 'Truth', string: 'Identity', other: 'Identity' }

/** CastLike(input, target_type): https://onnx.ai/onnx/operators/onnx__CastLike.html */
export const castLike: Operator = {
  pointwise: (operation) => ({ operator: conversions[operation.constant(1).elementType], inputs: 1 }),
  fold: (operation) => castTensor(operation, operation.constant(1).elementType),
  lower(operation) {
    const like = operation.value(1)
    const value = operation.value(0)
    const target = like.kind === 'constant' ? like.tensor.elementType : 'float'
    if (value.kind === 'constant') {
      return {
        kind: 'constant',
        tensor: rearrangeTensor({ ...value.tensor, elementType: target }, reshaped(value.tensor.shape)),
      }
    }
    if (target === 'float') return value
    throw operation.refuse('it rounds values to integers', 'Keep floating-point numbers throughout.', value.shape)
  },
}

function targetOf({ node }: FoldOperation): ElementType {
  const isName = hasAttribute(node, 'to') && typeof node.attributes.to === 'string'
  if (!isName) return elementTypeOf(intAttribute(node, 'to', 1))
  const name = stringAttribute(node, 'to', 'FLOAT')
  return name === 'BOOL' ? 'bool' : name.includes('INT') ? 'int' : 'float'
}

function castTensor(operation: FoldOperation, elementType: ElementType): Tensor {
  const tensor = operation.constant(0)
  if (elementType === 'string' || elementType === 'other') throw operation.refuse(`it casts to ${elementType} values`)
  const convert = { float: (value: number) => value, int: Math.trunc, bool: (value: number) => Number(value !== 0) }
  const to = operation.node.attributes.to
  const integer = typeof to === 'number' ? integerTypeOf(to) : undefined
  const data = tensor.data.map(convert[elementType])
  return { elementType, shape: tensor.shape, data, ...(integer && { integer }) }
}
