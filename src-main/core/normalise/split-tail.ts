import type { Graph, Node } from '../graph/graph.ts'
import { operatorOf } from './operators/index.ts'
import { rewrittenDomain } from './quantised/rewriting.ts'
import { shapeDerived } from './shape-constants.ts'

/** A graph in two: what runs encrypted, and what its owner computes of the decrypted outputs. */
export interface SplitGraph {
  /** Its only output holds the parts one after the other. */
  readonly trunk: Graph
  /** The tensors that go from one to the other. */
  readonly parts: readonly string[]
  readonly nodes: readonly Node[]
  /** What the tail may read that is computed of shapes alone. */
  readonly derived: ReadonlySet<string>
}

/** Linear operators without weights: they belong to the tail only behind one that is not linear. */
const linear = new Set(
  (
    'Identity Reshape Flatten Squeeze Unsqueeze Transpose Dropout Cast FakeQuantize Add Sub Neg Sum Mean Concat Split Slice ' +
    'Gather GatherElements GatherND ReduceMean ReduceSum Expand Tile Mul Div Shape Size'
  ).split(' '),
)
/** Of all classes together. */
const ofClasses = new Set(
  (
    'Softmax LogSoftmax Hardmax ArgMax ArgMin TopK OneHot PRelu ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ' +
    'ReduceSumSquare LpNormalization'
  ).split(' '),
)

const probabilities = new Set(['Softmax', 'LogSoftmax', 'Hardmax', 'LpNormalization'])
const moving = new Set('Identity Reshape Flatten Squeeze Unsqueeze Transpose Dropout Cast'.split(' '))

/**
 * Split off the tail.
 * Before: y1 = t1(f(x)), y2 = t2(f(x), g(x)), … with t of steps that have no weights: activations, softmaxes, labels, and
 * what rearranges them. After: a trunk with the one output [f(x), g(x)], and the t behind it, for the owner.
 * Conditions: nothing else reads what the tail computes, but for its shape; it does not read the network's input. Linear steps in front of
 * the first that is not stay in the trunk, where they cost nothing. Undefined where there is nothing to split off.
 */
export function splitTail(graph: Graph): SplitGraph | undefined {
  const derived = shapeDerived(graph)
  const tail = tailNodes(graph, derived)
  const bent = new Set<string>()
  const nodes = graph.nodes.filter((node) => {
    if (!tail.has(node)) return false
    const isBent = !isLinear(node, graph) || node.inputs.some((name) => bent.has(name))
    if (isBent) for (const name of node.outputs) bent.add(name)
    return isBent
  })
  const outputs = graph.outputs.filter(({ name }) => !graph.constants.has(name))
  const read = [...nodes.flatMap(({ inputs }) => inputs), ...outputs.map(({ name }) => name)]
  const isKnown = (name: string): boolean => bent.has(name) || graph.constants.has(name) || derived.has(name)
  const parts = [...new Set(read)].filter((name) => name !== '' && !isKnown(name))
  if (nodes.length === 0 && outputs.length === 1) return undefined
  if (parts.length === 0 || graph.inputs.some(({ name }) => parts.includes(name))) return undefined
  return { trunk: trunkOf(graph, new Set(nodes), parts), parts, nodes, derived }
}

/** From the outputs backwards, as long as the owner can do it and nobody else needs it. */
function tailNodes(graph: Graph, derived: ReadonlySet<string>): Set<Node> {
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const readers = new Map<string, Node[]>()
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      const known = readers.get(name)
      if (known) known.push(node)
      else readers.set(name, [node])
    }
  }
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const tail = new Set<Node>()
  for (const node of graph.nodes.toReversed()) {
    const isRead = node.outputs.some((name) => outputs.has(name) || readers.has(name))
    const asks = ({ outputs: asked }: Node): boolean => asked.every((name) => derived.has(name))
    const isOwn = node.outputs.every((name) =>
      (readers.get(name) ?? []).every((reader) => tail.has(reader) || asks(reader)),
    )
    const isPossible = isOwners(node) || isExpectation(node, writers, graph)
    if (isRead && isOwn && isPossible && !node.outputs.some((name) => derived.has(name))) tail.add(node)
  }
  return tail
}

/** A product of probabilities with constants, as where an age is the mean over its classes: nothing else could take it. */
function isExpectation({ operator, inputs }: Node, writers: ReadonlyMap<string, Node>, { constants }: Graph): boolean {
  if ((operator !== 'MatMul' && operator !== 'Gemm') || !inputs.slice(1).every((name) => constants.has(name)))
    return false
  let from = writers.get(inputs[0] ?? '')
  while (from && moving.has(from.operator)) from = writers.get(from.inputs[0] ?? '')
  return from !== undefined && probabilities.has(from.operator)
}

function isOwners(node: Node): boolean {
  const { operator, domain, activation } = node
  if (activation || (domain !== '' && domain !== rewrittenDomain)) return false
  if (Object.values(node.attributes).some((value) => typeof value === 'object' && !Array.isArray(value))) return false
  return linear.has(operator) || ofClasses.has(operator) || operatorOf(node)?.pointwise !== undefined
}

function isLinear({ operator, inputs, attributes }: Node, { constants }: Graph): boolean {
  if (!linear.has(operator)) return false
  if (operator === 'Mul') return inputs.some((name) => constants.has(name))
  if (operator === 'Div' || operator.startsWith('Gather')) return constants.has(inputs[1] ?? '')
  return operator !== 'Cast' || attributes.to === 1 || attributes.to === 10 || attributes.to === 11
}

/** Several parts are written one after the other. */
function trunkOf(graph: Graph, tail: ReadonlySet<Node>, parts: readonly string[]): Graph {
  const nodes = graph.nodes.filter((node) => !tail.has(node))
  const elementType = 'float'
  const [only, ...others] = parts
  if (only !== undefined && others.length === 0) {
    const known = graph.outputs.find(({ name }) => name === only)
    return { ...graph, nodes, outputs: [known ?? { name: only, elementType, shape: undefined }] }
  }
  const base = { domain: '', opset: 13 } as const
  const flat = parts.map((name): Node => {
    const output = `${name} flat`
    return { ...base, name: output, operator: 'Reshape', inputs: [name, ROW], outputs: [output], attributes: {} }
  })
  const inputs = flat.map(({ name }) => name)
  const joined = 'parts of the result'
  const concat: Node = { ...base, name: joined, operator: 'Concat', inputs, outputs: [joined], attributes: { axis: 1 } }
  const constants = new Map(graph.constants).set(ROW, { elementType: 'int', shape: [2], data: Float64Array.of(1, -1) })
  const outputs = [{ name: joined, elementType, shape: undefined }] as const
  return { ...graph, nodes: [...nodes, ...flat, concat], outputs, constants }
}

/** The shape of a part, whatever its own: all of it is one sample's. */
const ROW = 'one row'
