import { UserError } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { Choice } from './prune.ts'

/**
 * Begin at a tensor inside of the graph.
 * Before: x = f(…), y = g(x). After: x is an input, of the shape that it has for one sample, and f is gone.
 * Conditions: the chosen input is a tensor that a node computes; `shapeOf` finds its shape, or `inputShape` gives it.
 */
export function beginAt(
  graph: Graph,
  { inputName, inputShape }: Choice,
  shapeOf: (graph: Graph, name: string) => readonly number[] | undefined,
): Graph {
  if (inputName === undefined || graph.inputs.some(({ name }) => name === inputName)) return graph
  if (!graph.nodes.some(({ outputs }) => outputs.includes(inputName))) return graph
  const shape = inputShape ?? shapeOf(graph, inputName)
  if (!shape) {
    throw new UserError('dynamic-input', `The shape of “${inputName}” is not known.`, {
      hint: 'Give it with --input-shape, such as --input-shape 1,16,8,8.',
    })
  }
  const isFree = graph.inputs.some(({ shape: [size] = [] }) => typeof size === 'string') && shape[0] === 1
  const input = { name: inputName, elementType: 'float', shape: isFree ? ['batch', ...shape.slice(1)] : shape } as const
  const nodes = graph.nodes.map((node) => ({
    ...node,
    outputs: node.outputs.map((name) => (name === inputName ? '' : name)),
  }))
  return { ...graph, inputs: [...graph.inputs, input], nodes }
}
