import type { AttributeValue, Node } from '../graph/graph.ts'
import type { Quantisation } from '../network/fake-quantize.ts'
import { present } from '../must.ts'
import type { NamedNode, OnnxBuilder } from './onnx-builder.ts'
import { writeFakeQuantize } from './write-fake-quantize.ts'

/** Reductions whose axes became an input with operator set 18; ReduceSum's did with 13. */
const reductions = new Set('ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare'.split(' '))
const softmaxes = new Set(['Softmax', 'LogSoftmax', 'Hardmax'])

/** Operator sets from which an attribute is an input, and its place: https://github.com/onnx/onnx/blob/main/docs/Changelog.md */
const moved: Readonly<Record<string, { readonly since: number; readonly names: readonly string[] }>> = {
  Squeeze: { since: 13, names: ['axes'] },
  Unsqueeze: { since: 13, names: ['axes'] },
  ReduceSum: { since: 13, names: ['axes'] },
  Split: { since: 13, names: ['split'] },
  Slice: { since: 10, names: ['starts', 'ends', 'axes'] },
  TopK: { since: 10, names: ['k'] },
  Clip: { since: 11, names: ['min', 'max'] },
  ...Object.fromEntries([...reductions].map((name) => [name, { since: 18, names: ['axes'] }])),
}

/**
 * A node of a tail, of operator set `from`, as operator set `to` (17 or later) has it; real numbers are float32 and
 * integers int64, whatever the file has. What stands in front of it is added to `onnx`.
 */
export function upgradeNode(onnx: OnnxBuilder, node: Node, from: number, to: number): NamedNode {
  const { operator, inputs, outputs } = node
  const attributes: Record<string, AttributeValue> = { ...node.attributes }
  const identity = (value: string): NamedNode => ({ operator: 'Identity', inputs: [value], outputs, attributes: {} })
  if (operator === 'FakeQuantize') {
    return identity(writeFakeQuantize(onnx, present(inputs[0]), quantisationOf(attributes), attributes.half === 'away'))
  }
  if (operator === 'Dropout') return identity(present(inputs[0]))
  if (operator === 'Cast') return { operator, inputs, outputs, attributes: { to: castTarget(attributes.to) } }
  if (softmaxes.has(operator) && from < 13) return flatSoftmax(onnx, node)
  const own = [...inputs]
  const rule = Object.hasOwn(moved, operator) ? moved[operator] : undefined
  if (rule && from < rule.since && to >= rule.since) {
    rule.names.forEach((name, index) => {
      const value = attributes[name]
      Reflect.deleteProperty(attributes, name)
      own[index + 1] = value === undefined ? '' : constantOf(onnx, operator, value as number | readonly number[])
    })
    while (own.at(-1) === '') own.pop()
  }
  if (operator === 'Split' && to >= 18 && own.length < 2 && !('num_outputs' in attributes)) {
    attributes.num_outputs = outputs.length
  }
  return { operator, inputs: own, outputs, attributes }
}

const constantOf = (onnx: OnnxBuilder, operator: string, value: number | readonly number[]): string =>
  operator === 'Clip' ? onnx.floats([value as number], []) : onnx.integers([value].flat())

function quantisationOf(attributes: Node['attributes']): Quantisation {
  const number = (name: string): number => Number(attributes[name])
  return { scale: number('scale'), zero: number('zero'), min: number('min'), max: number('max') }
}

/** TensorProto.DataType: all real numbers to float32, all integers to int64. */
function castTarget(to: AttributeValue | undefined): number {
  if (to === 9 || to === 'BOOL') return 9
  return to === 1 || to === 10 || to === 11 || to === 16 || (typeof to === 'string' && !to.includes('INT')) ? 1 : 7
}

/** Before operator set 13 a softmax was over all axes from `axis` on. */
function flatSoftmax(onnx: OnnxBuilder, { operator, inputs, outputs, attributes }: Node): NamedNode {
  const x = present(inputs[0])
  const axis = Number(attributes.axis ?? 1)
  if (axis === -1) return { operator, inputs: [x], outputs, attributes: { axis } }
  const last = onnx.node(operator, [onnx.node('Flatten', [x], { axis })], { axis: -1 })
  return { operator: 'Reshape', inputs: [last, onnx.node('Shape', [x])], outputs, attributes: {} }
}
