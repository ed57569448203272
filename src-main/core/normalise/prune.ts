import { UserError } from '../errors.ts'
import type { Graph, Node, ValueInfo } from '../graph/graph.ts'
import type { InputForm } from './network-builder.ts'

export interface Choice {
  readonly inputName?: string
  readonly outputName?: string
  /** Of one sample or a batch, for networks that leave height and width open. */
  readonly inputShape?: readonly number[]
  /** Round quantised values as the file does: the reference that its network on real numbers is compared with. */
  readonly onIntegers?: boolean
  /** How the input is laid out, so that one sample is read alike by several readings of a graph; else its uses show it. */
  readonly inputForm?: InputForm
  /** Leave nothing to the owner but a softmax, a sigmoid or a label at the end. */
  readonly wholeNetwork?: boolean
}

/**
 * Keeps the outputs, or a chosen one, and what they need.
 * Before: a graph with dead nodes. After: the nodes and inputs that the outputs depend on.
 * Conditions: `outputName`, where it is given, is an output or any other tensor that a node computes.
 */
export function prune(graph: Graph, choice: Choice = {}): Graph {
  const outputs = choose(graph, choice.outputName)
  const writers = new Map<string, Node>()
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') writers.set(name, node)
  const needed = new Set<string>(outputs.map(({ name }) => name))
  const kept = new Set<Node>()
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue
    kept.add(node)
    for (const name of node.inputs) if (name !== '') needed.add(name)
  }
  const inputs = graph.inputs.filter(({ name }) => needed.has(name)).map((input) => bound(input, choice.inputShape))
  if (choice.inputName !== undefined && !inputs.some(({ name }) => name === choice.inputName)) {
    throw new UserError('bad-input-name', `The output does not depend on an input “${choice.inputName}”.`, {
      hint: `Inputs: ${graph.inputs.map(({ name }) => name).join(', ')}. Any tensor that a node computes may be the beginning.`,
    })
  }
  for (const { name } of outputs) {
    if (!writers.has(name) && !graph.constants.has(name) && !inputs.some((input) => input.name === name)) {
      throw new UserError('bad-graph', `Nothing writes the output “${name}”.`)
    }
  }
  return { ...graph, outputs, inputs, nodes: graph.nodes.filter((node) => kept.has(node)) }
}

/** The input with its open dimensions as chosen; throws 'wrong-shape' where a fixed one is another. */
function bound(input: ValueInfo, chosen: readonly number[] | undefined): ValueInfo {
  if (!chosen) return input
  const { shape } = input
  const full = shape && chosen.length === shape.length - 1 ? [1, ...chosen] : chosen
  const fits = full.length === (shape?.length ?? full.length)
  if (!fits || shape?.some((size, axis) => axis > 0 && typeof size === 'number' && size !== full[axis])) {
    throw new UserError('wrong-shape', `The input “${input.name}” is [${shape ?? ''}]; [${chosen}] does not fit.`, {
      hint: 'Give a size for each dimension, the fixed ones as they are: --input-shape 1,3,32,32.',
    })
  }
  return { ...input, shape: full.map((size, axis) => (axis === 0 && typeof shape?.[0] === 'string' ? shape[0] : size)) }
}

function choose(graph: Graph, name: string | undefined): Graph['outputs'] {
  if (name === undefined) {
    return graph.outputs
  }
  const output = graph.outputs.find((candidate) => candidate.name === name)
  if (output) return [output]
  if (graph.nodes.some(({ outputs }) => outputs.includes(name))) {
    return [{ name, elementType: 'float', shape: undefined }]
  }
  throw new UserError('bad-output-name', `The network has no output and no other tensor “${name}”.`, {
    hint: `Outputs: ${graph.outputs.map((candidate) => candidate.name).join(', ')}. Any tensor that a node computes may be the end.`,
  })
}
