import type { Graph, Node } from '../graph/graph.ts'
import { parametersOfGraph } from '../graph/parameters.ts'

/**
 * The first tensor that all of the output depends on alone, with none of these nodes behind it and a tenth of the trained
 * numbers: where they only prepare the data, the network can begin there. Undefined where there is none.
 */
export function firstTensorOf(graph: Graph, refused: ReadonlySet<string>): string | undefined {
  const { nodes, inputs } = graph
  const lastRefused = nodes.findLastIndex(({ name }) => refused.has(name))
  const given = new Set(inputs.map(({ name }) => name))
  const least = parametersOfGraph(graph) / 10
  for (const name of nodes.slice(lastRefused + 1).flatMap(({ outputs }) => outputs)) {
    const { kept, reached } = behind(graph, name)
    if (!reached.has(name) || [...given].some((input) => reached.has(input))) continue
    if (kept.some((node) => refused.has(node.name)) || parametersOfGraph({ ...graph, nodes: kept }) < least)
      return undefined
    return name
  }
  return undefined
}

/** The nodes that the outputs need where a tensor is given, and all tensors that these read. */
function behind({ nodes, outputs }: Graph, start: string): { readonly kept: Node[]; readonly reached: Set<string> } {
  const reached = new Set(outputs.map(({ name }) => name))
  const kept: Node[] = []
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => name !== start && reached.has(name))) continue
    kept.unshift(node)
    for (const name of node.inputs) reached.add(name)
  }
  return { kept, reached }
}

export interface Ends {
  /** The last tensor of the file with which the network could end, where nodes stand in the way. */
  readonly lastTensor?: string
  /** The first with which it could begin. */
  readonly firstTensor?: string
}

/** How to take what is in front of the nodes that stand in the way, or behind them. */
export const endHints = ({ lastTensor, firstTensor }: Ends): readonly string[] => [
  ...(lastTensor === undefined
    ? []
    : [`Up to “${lastTensor}” the network can be protected: --output-name takes it as the end.`]),
  ...(firstTensor === undefined
    ? []
    : [
        `Nothing behind “${firstTensor}” stands in the way: --input-name takes it as the beginning, with data that your own code has prepared as the nodes before it do, and --input-shape its size.`,
      ]),
]
