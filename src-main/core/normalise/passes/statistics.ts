import { intsAttribute } from '../../graph/attributes.ts'
import type { Graph, Node, Tensor } from '../../graph/graph.ts'

interface Surroundings {
  readonly graph: Graph
  readonly constants: ReadonlyMap<string, Tensor>
  readonly writers: ReadonlyMap<string, Node>
}

/** What is done to a deviation before values are divided by it. */
const rootOrInverse = new Set(['Sqrt', 'Reciprocal', 'Pow', 'Div'])
const between = new Set(
  'Add Sub Mul Max Clip Cast Identity Reshape Squeeze Unsqueeze Expand Transpose Flatten Sqrt Reciprocal FakeQuantize'.split(
    ' ',
  ),
)
const means = new Set(['ReduceMean', 'GlobalAveragePool'])
const norms = new Set(['ReduceSum', 'ReduceSumSquare', 'ReduceL2', 'ReduceL1'])

/**
 * Whether a node takes the root or the inverse of a mean over values that depend on the input, as written-out
 * normalisations do: 'BatchStatistic' where the mean is over the batch too, else 'Statistic'; 'Norm' where it is a sum.
 */
export function statisticOf(node: Node, { graph, constants, writers }: Surroundings): string | undefined {
  if (node.domain !== '' || !rootOrInverse.has(node.operator)) return undefined
  const power = node.operator === 'Pow' ? (constants.get(node.inputs[1])?.data[0] ?? -1) : -1
  if (power >= 1) return undefined
  // Generalised means, which are GeM pooling, take a root and divide by nothing.
  if (power > 0 && power !== 0.5) return undefined
  const [start] = node.operator === 'Div' ? node.inputs.slice(1) : node.inputs
  const seen = new Set<string>()
  const open = [start]
  for (let name = open.pop(); name !== undefined && seen.size < 20; name = open.pop()) {
    const writer = writers.get(name)
    if (!writer || constants.has(name) || seen.has(name)) continue
    seen.add(name)
    if (means.has(writer.operator) || norms.has(writer.operator)) {
      if (axesOf(writer, graph, constants).includes(0)) return 'BatchStatistic'
      return norms.has(writer.operator) ? 'Norm' : 'Statistic'
    }
    if (between.has(writer.operator)) open.push(...writer.inputs)
  }
  return undefined
}

function axesOf(node: Node, graph: Graph, constants: ReadonlyMap<string, Tensor>): readonly number[] {
  const tensor = constants.get(node.inputs[1])
  if (tensor) return [...tensor.data]
  return (node.opset ?? graph.opset) < 18 ? (intsAttribute(node, 'axes') ?? []) : []
}
