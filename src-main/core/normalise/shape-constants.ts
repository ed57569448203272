import type { Graph, Node, Tensor } from '../graph/graph.ts'
import { foldConstants } from './passes/fold-constants.ts'

/** What is computed of shapes and constants alone, such as the sizes that exporters give to a Reshape. */
export function shapeDerived({ nodes, constants }: Graph): ReadonlySet<string> {
  const derived = new Set<string>()
  for (const node of nodes) {
    const { inputs, outputs } = node
    const read = inputs.filter((name) => name !== '' && !constants.has(name))
    if (asksShape(node) || (read.length > 0 && read.every((name) => derived.has(name)))) {
      for (const name of outputs) derived.add(name)
    }
  }
  return derived
}

const asksShape = ({ operator, domain }: Node): boolean =>
  domain === '' && (operator === 'Shape' || operator === 'Size')

/** Their values for one sample, as far as the shapes that they are made of are known. */
export function shapeConstants(
  graph: Graph,
  derived: ReadonlySet<string>,
  shapeOf: (name: string) => readonly number[] | undefined,
): ReadonlyMap<string, Tensor> {
  const nodes = graph.nodes.filter(({ outputs }) => outputs.some((name) => derived.has(name)))
  const constants = new Map(graph.constants)
  const rest = nodes.filter((node) => {
    const value = shapeValue(node, shapeOf)
    if (value) for (const output of node.outputs) constants.set(output, value)
    return !value
  })
  return foldConstants({ ...graph, nodes: rest, constants }).constants
}

/** Of a Shape without bounds, or a Size. */
function shapeValue(node: Node, shapeOf: (name: string) => readonly number[] | undefined): Tensor | undefined {
  const { operator, inputs, attributes } = node
  const shape = asksShape(node) ? shapeOf(inputs[0] ?? '') : undefined
  if (!shape) return undefined
  if (operator === 'Size') {
    return { elementType: 'int', shape: [], data: Float64Array.of(shape.reduce((a, b) => a * b, 1)) }
  }
  const [start, end] = [attributes.start ?? 0, attributes.end ?? shape.length].map(Number)
  const data = Float64Array.from(shape.slice(start, end))
  return { elementType: 'int', shape: [data.length], data }
}
