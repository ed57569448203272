import type { Graph, Node, Tensor } from '../graph/graph.ts'
import { integerRanges, integerTypeOf, type IntegerType } from '../graph/integer-types.ts'

/** Integers of the input, or what a file computes of them as integers, and between which they lie. */
interface Integers {
  readonly type: IntegerType
  readonly least: number
  readonly greatest: number
}

const moving = new Set(
  (
    'Identity Reshape Flatten Transpose Squeeze Unsqueeze Slice Split Gather GatherElements GatherND Expand Tile Concat ' +
    'DepthToSpace SpaceToDepth Dropout MaxPool GlobalMaxPool ReduceMax ReduceMin'
  ).split(' '),
)
/** Of these a mean is a whole number too: the rest is dropped. */
const dividing = new Set('Div Mean ReduceMean AveragePool GlobalAveragePool'.split(' '))
const smallest = new Set<IntegerType>(['int2', 'uint2', 'int4', 'uint4', 'int8', 'uint8', 'int16', 'uint16'])

/**
 * Nodes that compute with integers of the input and drop a remainder or wrap around, which layers of real numbers do not,
 * with the reason; such as `(x − 128) / 2` of bytes that are cast to float behind it.
 */
export function integerFaults({ inputs, nodes, constants }: Graph): ReadonlyMap<Node, string> {
  const known = new Map<string, Integers>()
  for (const { name, integer } of inputs) {
    if (!integer) continue
    const [least, greatest] = integerRanges[integer]
    known.set(name, { type: integer, least, greatest })
  }
  const faults = new Map<Node, string>()
  for (const node of known.size === 0 ? [] : nodes) {
    const own = node.inputs.map((name) => known.get(name) ?? ofConstant(constants.get(name)))
    const found = node.inputs.map((name) => known.get(name)).find((integers) => integers !== undefined)
    if (!found || node.domain !== '') continue
    const { operator } = node
    if (operator === 'Cast') {
      const type = integerTypeOf(Number(node.attributes.to))
      if (!type) continue
      if (leaves(found, type)) faults.set(node, wrapping(type))
      else for (const output of node.outputs) known.set(output, { ...found, type })
    } else if (moving.has(operator)) {
      for (const output of node.outputs) known.set(output, found)
    } else if (dividing.has(operator)) {
      if (own.every((integers) => integers !== undefined)) {
        faults.set(node, 'it divides integers, which drops what is left over')
      }
    } else {
      const result = resultOf(operator, own, found.type)
      if (!result) continue
      if (leaves(result, found.type)) faults.set(node, wrapping(found.type))
      else for (const output of node.outputs) known.set(output, result)
    }
  }
  return faults
}

const wrapping = (type: IntegerType): string => `its results can leave the range of ${type} and wrap around`

/** Samples come nowhere near the ends of 32 and 64 bits. */
const leaves = ({ least, greatest }: Integers, type: IntegerType): boolean =>
  smallest.has(type) && (least < integerRanges[type][0] || greatest > integerRanges[type][1])

function ofConstant(tensor: Tensor | undefined): Integers | undefined {
  if (tensor?.elementType !== 'int') return undefined
  const least = tensor.data.reduce((a, b) => Math.min(a, b), Infinity)
  const greatest = tensor.data.reduce((a, b) => Math.max(a, b), -Infinity)
  return { type: tensor.integer ?? 'int64', least, greatest }
}

/** Undefined where a part is no integer, or the operator none of these. */
function resultOf(operator: string, parts: readonly (Integers | undefined)[], type: IntegerType): Integers | undefined {
  const [left, right] = parts
  if (!left || parts.includes(undefined)) return undefined
  if (operator === 'Neg') return { type, least: -left.greatest, greatest: -left.least }
  if (!right) return undefined
  switch (operator) {
    case 'Add':
      return { type, least: left.least + right.least, greatest: left.greatest + right.greatest }
    case 'Sub':
      return { type, least: left.least - right.greatest, greatest: left.greatest - right.least }
    case 'Mul': {
      const products = [left.least, left.greatest].flatMap((a) => [a * right.least, a * right.greatest])
      return { type, least: Math.min(...products), greatest: Math.max(...products) }
    }
  }
  return undefined
}
