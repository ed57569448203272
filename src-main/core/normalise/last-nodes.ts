import { present } from '../must.ts'
import type { Graph, Node } from '../graph/graph.ts'

/** Operators that leave the values as they are, so that what comes before them can still be the end of the network. */
const passive = new Set([
  'Identity',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Cast',
  'Dropout',
  'Transpose',
  'FakeQuantize',
])
/** What the owner does at the end, and which of these may come before which. */
const finishing: ReadonlyMap<string, readonly string[]> = new Map([
  ['Softmax', []],
  ['LogSoftmax', []],
  ['Sigmoid', []],
  ['Log', ['Softmax']],
  ['ArgMax', ['Softmax', 'LogSoftmax', 'Sigmoid', 'Log']],
])

/** The nodes behind which only reshaping and what the owner finishes comes; each has one reader. */
export function lastNodes(graph: Graph): Set<Node> {
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const readers = new Map<string, number>()
  for (const node of graph.nodes) for (const name of node.inputs) readers.set(name, (readers.get(name) ?? 0) + 1)
  const last = new Set<Node>()
  let { name } = present(graph.outputs[0])
  let allowed: readonly string[] = [...finishing.keys()]
  for (let expectedReaders = 0; (readers.get(name) ?? 0) === expectedReaders; expectedReaders = 1) {
    const node = writers.get(name)
    if (!node || (!passive.has(node.operator) && !allowed.includes(node.operator))) break
    allowed = finishing.get(node.operator) ?? allowed
    last.add(node)
    const [input] = node.inputs
    if (input === undefined) break
    name = input
  }
  return last
}
