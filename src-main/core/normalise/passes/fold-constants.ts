import { UserError } from '../../errors.ts'
import { must } from '../../must.ts'
import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { Budget } from '../budget.ts'
import { foldByLayers } from '../fold-by-layers.ts'
import { FoldOperation, listOf, Refusal } from '../operation.ts'
import { operatorOf } from '../operators/index.ts'
import { constantOf } from '../values.ts'

/**
 * Fold constants.
 * Before: y = f(c1, c2, …) with constants only. After: the constant y.
 * Conditions: f can be folded; what cannot stays, and lowering reports it.
 * Formula: ONNX's definition of f. Chains that start from Shape are folded during lowering, where shapes are known.
 */
export function foldConstants(file: Graph): Graph {
  const graph = castsLikeFloats(file)
  const constants = new Map(graph.constants)
  const budget = new Budget(constants.values())
  const nodes = graph.nodes.filter((node) => {
    const results = fold(node, node.opset ?? graph.opset, constants, budget)
    results?.forEach((tensor, index) => node.outputs[index] && constants.set(node.outputs[index], tensor))
    return !results
  })
  return { ...graph, nodes, constants }
}

/** Operators whose results are no real numbers, whatever they are of; Cast says it itself. */
const discrete = new Set(
  (
    'Shape Size ArgMax ArgMin NonZero Equal Greater GreaterOrEqual Less LessOrEqual Not And Or Xor IsNaN IsInf Cast ' +
    'CastLike QuantizeLinear DynamicQuantizeLinear'
  ).split(' '),
)

/**
 * Before: CastLike(c, x) of a constant c and real numbers x, as function bodies have it. After: Cast(c) to real numbers.
 * Conditions: x is a real input, or what an operator made of which that is known.
 */
function castsLikeFloats(graph: Graph): Graph {
  const isCast = ({ operator, domain }: Node): boolean => operator === 'CastLike' && domain === ''
  if (!graph.nodes.some(isCast)) return graph
  const inputs = new Map(graph.inputs.map(({ name, elementType }) => [name, elementType]))
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const isReal = (name: string): boolean => {
    const writer = writers.get(name)
    if (!writer) return inputs.get(name) === 'float'
    return !discrete.has(writer.operator) || (writer.operator === 'Cast' && writer.attributes.to === 1)
  }
  const nodes = graph.nodes.map((node) => {
    const [value, like] = node.inputs
    const isOfConstant = isCast(node) && graph.constants.has(value) && !graph.constants.has(like) && isReal(like)
    return isOfConstant ? { ...node, operator: 'Cast', inputs: [value], attributes: { to: 1 } } : node
  })
  return { ...graph, nodes }
}

function fold(
  node: Node,
  opset: number,
  constants: ReadonlyMap<string, Tensor>,
  budget: Budget,
): readonly Tensor[] | undefined {
  const operator = operatorOf(node)
  if (!operator || !node.inputs.every((name) => name === '' || constants.has(name))) return undefined
  if (!operator.fold && node.inputs.length === 0) return undefined
  const inputs = node.inputs.map((name) => (name === '' ? undefined : constantOf(must(constants, name))))
  try {
    const operation = new FoldOperation(node, opset, inputs)
    const results = operator.fold ? listOf(operator.fold(operation)) : foldByLayers(operator, operation, budget)
    for (const { data } of results) budget.spend(data.length)
    return results
  } catch (error) {
    if (error instanceof Refusal) return undefined
    if (!(error instanceof UserError) || error.where) throw error
    const where = { node: node.name, operator: node.operator }
    throw new UserError(error.code, `${node.operator} “${node.name}”: ${error.message}`, { where })
  }
}
