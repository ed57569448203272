import { intAttribute } from '../../graph/attributes.ts'
import type { Graph, Node, Tensor } from '../../graph/graph.ts'
import { Rewriting } from '../quantised/rewriting.ts'

/** The list of places that a sequence of tensors is made of, along one axis. */
interface Pieces {
  readonly x: string
  readonly axis: number
  readonly keepsAxis: boolean
  /** Lengths of the pieces, or one for all. */
  readonly lengths: readonly number[] | number
}

/**
 * Write sequences as slices.
 * Before: s = SplitToSequence(x, sizes), y = SequenceAt(s, 1). After: y = Slice(x, from, to), squeezed where the axis is not
 * kept. Conditions: sizes and places are constants, and every reader of s is a SequenceAt.
 * Before: s = SequenceConstruct(a, b), y = ConcatFromSequence(s). After: y = Concat(a, b), of values with one axis more where
 * the join makes a new axis.
 * https://onnx.ai/onnx/operators/onnx__SplitToSequence.html, https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html
 */
export function writeSequences(graph: Graph): Graph {
  const sequences = new Map<string, Pieces>()
  for (const node of graph.nodes) {
    if (node.operator !== 'SplitToSequence') continue
    const pieces = piecesOf(node, graph.constants)
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(node.outputs[0]))
    if (pieces && readers.every((reader) => spanOf(pieces, reader, graph.constants))) {
      sequences.set(node.outputs[0], pieces)
    }
  }
  const joins = joinsOf(graph)
  if (sequences.size === 0 && joins.size === 0) return graph
  const rewriting = new Rewriting(graph, false)
  const list = (node: Node, value: number): string => rewriting.integers(node, [value])
  for (const node of graph.nodes) {
    if (sequences.has(node.outputs[0])) continue
    const members = joins.get(node)
    if (members) {
      writeJoin(rewriting, node, members, list)
      continue
    }
    const pieces = sequences.get(node.inputs[0])
    const span = pieces && spanOf(pieces, node, graph.constants)
    if (!pieces || !span) {
      rewriting.keep(node)
      continue
    }
    if (typeof pieces.lengths !== 'number') {
      writeSplit(rewriting, node, pieces, pieces.lengths, span.at)
      continue
    }
    const axis = list(node, pieces.axis)
    const inputs = [pieces.x, list(node, span.from), list(node, span.to), axis]
    const isLast = pieces.keepsAxis
    const slice = rewriting.add(node, 'Slice', inputs, {}, isLast ? node.outputs[0] : undefined)
    if (isLast) continue
    const given: Node['attributes'] = rewriting.opset < 13 ? { axes: [pieces.axis] } : {}
    rewriting.add(node, 'Squeeze', rewriting.opset < 13 ? [slice] : [slice, axis], given, node.outputs[0])
  }
  return { ...graph, nodes: rewriting.take(), constants: rewriting.constants }
}

/** Of pieces whose lengths are stated: these must add up, which Split checks. */
function writeSplit(
  rewriting: Rewriting,
  node: Node,
  { x, axis }: Pieces,
  lengths: readonly number[],
  at: number,
): void {
  const [output] = node.outputs
  const outputs = lengths.map((_, index) => (index === at ? output : `${output} piece ${index}`))
  const inputs = [x, rewriting.integers(node, lengths)]
  rewriting.keep({ ...node, operator: 'Split', opset: 13, inputs, outputs, attributes: { axis } })
}

/** Joins of sequences whose members are known, with these. */
function joinsOf({ nodes }: Graph): ReadonlyMap<Node, readonly string[]> {
  const members = new Map<string, readonly string[]>()
  const joins = new Map<Node, readonly string[]>()
  for (const node of nodes) {
    const { operator, inputs, outputs } = node
    const [first, added, place = ''] = inputs
    const before = members.get(first)
    if (operator === 'SequenceConstruct') members.set(outputs[0], inputs)
    else if (operator === 'SequenceEmpty') members.set(outputs[0], [])
    else if (operator === 'SequenceInsert' && before && place === '') members.set(outputs[0], [...before, added])
    else if (operator === 'ConcatFromSequence' && before && before.length > 0) joins.set(node, before)
  }
  return joins
}

function writeJoin(
  rewriting: Rewriting,
  node: Node,
  members: readonly string[],
  list: (node: Node, value: number) => string,
): void {
  const axis = intAttribute(node, 'axis', 0)
  const widened = (name: string): string =>
    rewriting.opset < 13
      ? rewriting.add(node, 'Unsqueeze', [name], { axes: [axis] })
      : rewriting.add(node, 'Unsqueeze', [name, list(node, axis)])
  const parts = intAttribute(node, 'new_axis', 0) === 0 ? members : members.map(widened)
  rewriting.add(node, 'Concat', parts, { axis }, node.outputs[0])
}

function piecesOf(node: Node, constants: ReadonlyMap<string, Tensor>): Pieces | undefined {
  const [x, sizes = ''] = node.inputs
  const axis = intAttribute(node, 'axis', 0)
  if (sizes === '') return { x, axis, keepsAxis: intAttribute(node, 'keepdims', 1) === 1, lengths: 1 }
  const split = constants.get(sizes)
  if (!split) return undefined
  return { x, axis, keepsAxis: true, lengths: split.shape.length === 0 ? split.data[0] : [...split.data] }
}

/** Which piece, and where it begins and ends. */
function spanOf(
  { lengths }: Pieces,
  { operator, inputs }: Node,
  constants: ReadonlyMap<string, Tensor>,
): { readonly at: number; readonly from: number; readonly to: number } | undefined {
  const place = operator === 'SequenceAt' ? constants.get(inputs[1])?.data[0] : undefined
  if (place === undefined) return undefined
  if (typeof lengths === 'number')
    return place < 0 ? undefined : { at: place, from: place * lengths, to: (place + 1) * lengths }
  const at = place < 0 ? place + lengths.length : place
  if (!(at >= 0 && at < lengths.length)) return undefined
  const from = lengths.slice(0, at).reduce((sum, length) => sum + length, 0)
  return { at, from, to: from + lengths[at] }
}
