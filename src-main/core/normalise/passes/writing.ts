import type { AttributeValue, Node } from '../../graph/graph.ts'
import type { Rewriting } from '../quantised/rewriting.ts'

/** Writes a node by standard operators, its results under their own names; false where it cannot. */
export type Writer = (rewriting: Rewriting, node: Node) => boolean

/** One node of one input in the place of another. */
export function last(
  rewriting: Rewriting,
  node: Node,
  operator: string,
  input: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): boolean {
  rewriting.add(node, operator, [input], attributes, node.outputs[0])
  return true
}
