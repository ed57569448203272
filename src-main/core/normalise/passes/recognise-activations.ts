import { must, present } from '../../must.ts'
import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { activationFunction } from '../../network/activations.ts'
import { lastNodes } from '../last-nodes.ts'
import { unlessRefused } from '../operation.ts'
import { expressionOf, pointwiseOf, polynomialOf, type Expression } from './expression.ts'
import type { Pointwise } from '../operation.ts'
import { nameActivation } from './name-activation.ts'
import { statisticOf } from './statistics.ts'

/** Which nodes of the file each node of the pass's result stands for. */
export type Origins = ReadonlyMap<Node, readonly string[]>

/** Element-wise operators that lowering understands by themselves: sums, scales and activations. */
const complete = new Set(['Add', 'Sub', 'Neg', 'Sum', 'Mean', 'Identity'])

const maximumNodes = 64

/**
 * Recognise activations that are written out.
 * Before: y = e(x), an expression of element-wise nodes over one value x, such as x·Sigmoid(x), 0.5·x·(1 + Erf(x/√2)),
 * ((a·x + b)·x + c)·x + d or `Where(x > 1, x, 0)`. After: one activation: k·A(x) where e is a known activation A, a
 * polynomial where it is one (constants may differ by channel), else e itself, with as much before it as is element-wise.
 * Conditions: e holds a node that lowering does not understand by itself.
 * Formula: e is evaluated on a grid and equals k·A on all of it (see nameActivation); polynomials by their algebra.
 */
export function recogniseActivations(graph: Graph): { graph: Graph; origins: Origins } {
  const constants = new Map(graph.constants)
  const position = new Map(graph.nodes.map((node, index) => [node, index]))
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const origins = new Map<Node, readonly string[]>()
  const needed = new Set(graph.outputs.map(({ name }) => name))
  const nodes: Node[] = []
  const left = new Set([...lastNodes(graph), ...shapeNodes(graph)])
  const elementwise = new Map<Node, Pointwise | undefined>()
  const surroundings: Surroundings = {
    graph,
    constants,
    writers,
    position,
    elementwiseOf: (node) => {
      if (!elementwise.has(node)) elementwise.set(node, left.has(node) ? undefined : pointwiseIn(node, surroundings))
      return elementwise.get(node)
    },
  }
  for (const root of [...graph.nodes].reverse()) {
    if (!root.outputs.some((name) => needed.has(name))) continue
    const statistic = statisticOf(root, surroundings)
    if (statistic) {
      root.inputs.forEach((name) => needed.add(name))
      nodes.push({ ...root, activation: { operator: statistic, constants: {} } })
      continue
    }
    const found = surroundings.elementwiseOf(root) ? recognise(root, surroundings) : undefined
    for (const name of found ? [found.variable] : root.inputs) needed.add(name)
    const replacement = found ? activationNodes(root, found, constants) : [root]
    if (found) for (const node of replacement) origins.set(node, found.cone.map(({ name }) => name).reverse())
    nodes.push(...replacement.toReversed())
  }
  return { graph: { ...graph, nodes: nodes.reverse(), constants }, origins }
}

export interface Surroundings {
  readonly graph: Graph
  readonly constants: ReadonlyMap<string, Tensor>
  readonly writers: ReadonlyMap<string, Node>
  readonly position: ReadonlyMap<Node, number>
  /** What an element-wise node computes; what the owner does at the end, and what computes shapes, is left as it is. */
  readonly elementwiseOf: (node: Node) => Pointwise | undefined
}

interface Found {
  readonly cone: readonly Node[]
  readonly variable: string
  readonly meaning: Meaning
}

/** A known activation, its factor where it has one, or one of our own. */
interface Meaning {
  readonly activation: NonNullable<Node['activation']>
  readonly factor?: number
}

/**
 * Grows the expression backwards from its root while it is element-wise. The first that has a name or is a polynomial is
 * taken, else the largest that depends on one value: the more one activation does, the fewer levels it takes.
 */
function recognise(root: Node, surroundings: Surroundings): Found | undefined {
  const { constants, writers, position } = surroundings
  const cone = [root]
  const open = new Set(variablesOf(root, constants))
  let largest: Found | undefined
  let hasPartial = isPartial(root, surroundings)
  while (cone.length <= maximumNodes) {
    const [variable] = open
    if (open.size === 1 && hasPartial) {
      const meaning = unlessRefused(() => understand(cone, variable, surroundings))
      if (meaning && !isExpression(meaning)) return { cone, variable, meaning }
      if (meaning) largest = { cone: [...cone], variable, meaning }
    }
    const next = [...open]
      .flatMap((name) => writers.get(name) ?? [])
      .reduce<Node | undefined>(
        (last, node) => (!last || must(position, node) > must(position, last) ? node : last),
        undefined,
      )
    if (!next || !surroundings.elementwiseOf(next)) break
    cone.push(next)
    hasPartial ||= isPartial(next, surroundings)
    for (const name of next.outputs) open.delete(name)
    for (const name of variablesOf(next, constants)) open.add(name)
  }
  return largest
}

const isExpression = (meaning: Meaning): boolean => meaning.activation.operator === 'Expression'

function understand(
  cone: readonly Node[],
  variable: string,
  { constants, elementwiseOf }: Surroundings,
): Meaning | undefined {
  const expression = expressionOf([...cone].reverse(), variable, constants, elementwiseOf)
  const evaluate = evaluator(expression)
  const named = evaluate && nameActivation((grid) => grid.map(evaluate))
  if (named) {
    const constants = Object.entries(named.parameters).map(([name, value]) => [name, scalar(value)] as const)
    return { activation: { operator: named.operator, constants: Object.fromEntries(constants) }, factor: named.factor }
  }
  const coefficients = polynomialOf(expression)
  if (!coefficients) return { activation: expression }
  if (coefficients.length <= 2) return undefined
  const powers = Object.fromEntries(coefficients.map((tensor, power) => [`c${power}`, tensor] as const))
  return { activation: { operator: 'Polynomial', constants: powers } }
}

/** The expression as one function; undefined where its constants are not scalars. */
function evaluator({ operator, steps, constants }: Expression): ((x: number) => number) | undefined {
  const tensors = Object.entries(constants)
  if (tensors.some(([, { data }]) => data.length !== 1)) return undefined
  const parameters = Object.fromEntries(tensors.map(([name, { data }]) => [name, data[0]]))
  return activationFunction({ operator, steps, parameters })
}

const variablesOf = (node: Node, constants: ReadonlyMap<string, Tensor>): string[] =>
  node.inputs.filter((name) => name !== '' && !constants.has(name))

function pointwiseIn(node: Node, surroundings: Surroundings): Pointwise | undefined {
  const { graph, constants } = surroundings
  if (statisticOf(node, surroundings)) return undefined
  return unlessRefused(() => pointwiseOf(node, graph.opset, constants))
}

function isPartial(node: Node, { constants, elementwiseOf }: Surroundings): boolean {
  const { operator, parameters } = present(elementwiseOf(node))
  if (parameters || complete.has(operator)) return false
  if (operator === 'Where' && constants.has(node.inputs[0])) return false
  const variables = variablesOf(node, constants).length
  return operator === 'Mul' ? variables > 1 : operator === 'Div' ? !constants.has(node.inputs[1]) : true
}

/** Nodes whose results depend on shapes alone: folded during lowering, where shapes are known. */
function shapeNodes({ nodes, constants }: Graph): ReadonlySet<Node> {
  const known = new Set(constants.keys())
  const found = new Set<Node>()
  for (const node of nodes) {
    const isShape = node.domain === '' && (node.operator === 'Shape' || node.operator === 'Size')
    if (!isShape && !(node.inputs.length > 0 && node.inputs.every((name) => name === '' || known.has(name)))) continue
    found.add(node)
    for (const name of node.outputs) known.add(name)
  }
  return found
}

const scalar = (value: number): Tensor => ({ elementType: 'float', shape: [], data: Float64Array.of(value) })

function activationNodes(root: Node, { variable, meaning }: Found, constants: Map<string, Tensor>): readonly Node[] {
  const { activation, factor = 1 } = meaning
  const node: Node = { ...root, operator: activation.operator, attributes: {}, inputs: [variable], activation }
  if (factor === 1) return [node]
  const [unscaled, scale] = [`${root.outputs[0]} unscaled`, `${root.outputs[0]} factor`]
  constants.set(scale, scalar(factor))
  return [
    { ...node, outputs: [unscaled] },
    { ...root, name: `${root.name} factor`, operator: 'Mul', attributes: {}, inputs: [unscaled, scale] },
  ]
}
