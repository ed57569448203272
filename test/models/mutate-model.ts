import type { TestAttribute, TestModel, TestNode, TestTensor } from '../onnx/write-model.ts'
import { randomNumbers } from './compare.ts'

type Below = (bound: number) => number

const integers = [-(2 ** 31), -2, -1, 0, 1, 2, 3, 7, 255, 65_536, 2 ** 31, 2 ** 40]
const operators = [
  'Conv',
  'Gemm',
  'MatMul',
  'Relu',
  'Concat',
  'Reshape',
  'Softmax',
  'Pad',
  'Slice',
  'Expand',
  'Tile',
  'If',
  '',
]

/** The same protobuf, another network: wrong attributes, shapes, operators, edges; a function of the seed. */
export function mutateModel(model: TestModel, seed: number): TestModel {
  const next = randomNumbers(seed)
  const below: Below = (bound) => Math.floor(((next() + 1) / 2) * bound)
  let result = model
  for (let change = below(3); change >= 0; change--) result = mutateOnce(result, below)
  return result
}

function mutateOnce(model: TestModel, below: Below): TestModel {
  const { nodes, constants = {} } = model
  if (nodes.length === 0) return model
  const at = below(nodes.length)
  const withNode = (change: Partial<TestNode>): TestModel => ({
    ...model,
    nodes: nodes.with(at, { ...nodes[at], ...change }),
  })
  const names = Object.keys(constants)
  const name = names[below(names.length)]
  const values = [...names, ...nodes.flatMap(({ outputs }) => outputs), 'x', '', 'nothing']
  switch (below(9)) {
    case 0:
      return withNode({ operator: operators[below(operators.length)] })
    case 1:
      return withNode({ inputs: [...nodes[at].inputs, values[below(values.length)]].reverse() })
    case 2:
      return withNode({ inputs: nodes[at].inputs.map((input) => (below(2) ? input : values[below(values.length)])) })
    case 3:
      return withNode({ inputs: nodes[at].inputs.slice(1) })
    case 4:
      return withNode({ attributes: mutateAttributes(nodes[at].attributes ?? {}, below) })
    case 5:
      return { ...model, nodes: nodes.toSpliced(at, 1) }
    case 6:
      return name === undefined
        ? model
        : { ...model, constants: { ...constants, [name]: mutateTensor(constants[name], below) } }
    case 7:
      return {
        ...model,
        inputs: model.inputs.map((input) => ({ ...input, shape: mutateList(input.shape as number[], below) })),
      }
    default:
      return { ...model, opset: 1 + below(27) }
  }
}

function mutateAttributes(
  attributes: Readonly<Record<string, TestAttribute>>,
  below: Below,
): Record<string, TestAttribute> {
  const keys = [...Object.keys(attributes), 'axis', 'perm', 'pads', 'kernel_shape', 'group']
  const key = keys[below(keys.length)]
  const value = attributes[key]
  const changed: TestAttribute = Array.isArray(value)
    ? mutateList(value as number[], below)
    : integers[below(integers.length)]
  return { ...attributes, [key]: changed }
}

function mutateList(list: readonly number[], below: Below): number[] {
  if (list.length === 0) return [integers[below(integers.length)]]
  const at = below(list.length)
  const choice = below(3)
  if (choice === 0) return list.with(at, integers[below(integers.length)])
  return choice === 1 ? list.toSpliced(at, 1) : [...list, integers[below(integers.length)]]
}

function mutateTensor(tensor: TestTensor, below: Below): TestTensor {
  if (tensor.values.length === 0) return tensor
  if (below(2)) return { ...tensor, shape: tensor.shape.length > 0 ? mutateList(tensor.shape, below) : [1, 1] }
  const value = tensor.type === 'int64' ? integers[below(integers.length)] : [1e38, 0, NaN, -Infinity, 1e-40][below(5)]
  return { ...tensor, values: [...tensor.values].with(below(tensor.values.length), value) }
}
