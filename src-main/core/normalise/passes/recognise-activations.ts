import { UserError } from '../../errors.ts'
import type { AttributeValue, Graph, Node, Tensor } from '../../graph/graph.ts'
import { FoldOperation, listOf, Refusal } from '../operation.ts'
import { operators } from '../operators/index.ts'
import { constantOf } from '../values.ts'
import { nameActivation, type NamedActivation } from './name-activation.ts'

/** Which nodes of the file each node of the pass's result stands for. */
export type Origins = ReadonlyMap<Node, readonly string[]>

/** Operators that act on each element by itself and can be computed by folding. */
const elementwise = new Set(
  (
    'Abs Add Cast Celu Clip Div Elu Erf Exp Gelu HardSigmoid HardSwish Identity LeakyRelu Log Max Min Mish Mul Neg Pow ' +
    'Reciprocal Relu Selu Sigmoid Softplus Softsign Sqrt Square Sub Swish Tanh'
  ).split(' '),
)
/** Those among them that are not understood by themselves. */
const partial = new Set('Abs Erf Exp Log Max Min Pow Reciprocal Sqrt'.split(' '))

const maximumNodes = 20

/**
 * Recognise activations that are written out.
 * Before: y = e(x), an expression of element-wise nodes over one value x, such as x·Sigmoid(x), or
 * 0.5·x·(1 + Erf(x/√2)), in any spelling. After: y = k·A(x) with the one activation A that e is.
 * Conditions: constants in e are scalars; e holds a node that is not linear and not an activation by itself.
 * Formula: e is evaluated on a grid and equals k·A on all of it (see nameActivation).
 */
export function recogniseActivations(graph: Graph): { graph: Graph; origins: Origins } {
  const constants = new Map(graph.constants)
  const position = new Map(graph.nodes.map((node, index) => [node, index]))
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const origins = new Map<Node, readonly string[]>()
  const needed = new Set(graph.outputs.map(({ name }) => name))
  const nodes: Node[] = []
  for (const root of [...graph.nodes].reverse()) {
    if (!root.outputs.some((name) => needed.has(name))) continue
    const found = isElementwise(root, constants) ? recognise(root, { graph, constants, writers, position }) : undefined
    for (const name of found ? [found.variable] : root.inputs) needed.add(name)
    const replacement = found ? activationNodes(root, found, constants) : [root]
    if (found) for (const node of replacement) origins.set(node, found.cone.map(({ name }) => name).reverse())
    nodes.push(...replacement.toReversed())
  }
  return { graph: { ...graph, nodes: nodes.reverse(), constants }, origins }
}

interface Surroundings {
  readonly graph: Graph
  readonly constants: ReadonlyMap<string, Tensor>
  readonly writers: ReadonlyMap<string, Node>
  readonly position: ReadonlyMap<Node, number>
}

interface Found {
  readonly cone: readonly Node[]
  readonly variable: string
  readonly operator: string
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly factor: number
}

/** Grows the expression backwards from its root until one variable is left and the function has a name. */
function recognise(root: Node, surroundings: Surroundings): Found | undefined {
  const { graph, constants, writers, position } = surroundings
  const cone = [root]
  const open = new Set(variablesOf(root, constants))
  while (cone.length <= maximumNodes) {
    const [variable] = open
    if (open.size === 1 && cone.some((node) => isPartial(node, constants))) {
      const named = tryName(() =>
        nameActivation((grid) => evaluate(cone, variable, grid, root, constants, graph.opset)),
      )
      if (named) return { cone, variable, ...named }
    }
    const next = [...open]
      .flatMap((name) => writers.get(name) ?? [])
      .reduce<Node | undefined>(
        (last, node) => (!last || position.get(node)! > position.get(last)! ? node : last),
        undefined,
      )
    if (!next || !isElementwise(next, constants)) return undefined
    cone.push(next)
    for (const name of next.outputs) open.delete(name)
    for (const name of variablesOf(next, constants)) open.add(name)
  }
  return undefined
}

/** A node that cannot be computed is left to lowering, which says why. */
function tryName(name: () => NamedActivation | undefined): NamedActivation | undefined {
  try {
    return name()
  } catch (error) {
    if (error instanceof Refusal || error instanceof UserError) return undefined
    throw error
  }
}

const variablesOf = (node: Node, constants: ReadonlyMap<string, Tensor>): string[] =>
  node.inputs.filter((name) => name !== '' && !constants.has(name))

function isElementwise(node: Node, constants: ReadonlyMap<string, Tensor>): boolean {
  if (node.domain !== '' || !elementwise.has(node.operator)) return false
  return node.inputs.every((name) => name === '' || (constants.get(name)?.data.length ?? 1) === 1)
}

const isPartial = (node: Node, constants: ReadonlyMap<string, Tensor>): boolean =>
  partial.has(node.operator) ||
  variablesOf(node, constants).length > 1 ||
  (node.operator === 'Div' && !constants.has(node.inputs[1]))

/** The expression on a grid of numbers, by the very rules that fold constants. */
function evaluate(
  cone: readonly Node[],
  variable: string,
  grid: Float64Array,
  root: Node,
  constants: ReadonlyMap<string, Tensor>,
  opset: number,
): Float64Array {
  const values = new Map<string, Tensor>([[variable, { elementType: 'float', shape: [grid.length], data: grid }]])
  for (const node of [...cone].reverse()) {
    const inputs = node.inputs.map((name) => {
      const tensor = values.get(name) ?? constants.get(name)
      return tensor && constantOf(tensor)
    })
    const [result] = listOf(operators.get(node.operator)!.fold!(new FoldOperation(node, node.opset ?? opset, inputs)))
    values.set(node.outputs[0], result)
  }
  return values.get(root.outputs[0])!.data
}

function activationNodes(root: Node, found: Found, constants: Map<string, Tensor>): readonly Node[] {
  const { operator, attributes, factor, variable } = found
  const activation: Node = { ...root, operator, attributes, inputs: [variable] }
  if (factor === 1) return [activation]
  const [unscaled, scale] = [`${root.outputs[0]} unscaled`, `${root.outputs[0]} factor`]
  constants.set(scale, { elementType: 'float', shape: [], data: Float64Array.of(factor) })
  return [
    { ...activation, outputs: [unscaled] },
    { ...root, name: `${root.name} factor`, operator: 'Mul', attributes: {}, inputs: [unscaled, scale] },
  ]
}
