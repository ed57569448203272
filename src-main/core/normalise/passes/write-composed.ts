import { floatAttribute, intAttribute, intsAttribute } from '../../graph/attributes.ts'
import type { AttributeValue, Node } from '../../graph/graph.ts'
import type { Rewriting } from '../quantised/rewriting.ts'
import type { Writer } from './writing.ts'

type Attributes = Readonly<Record<string, AttributeValue>>

/** Operators of ONNX that are others in short, where their input is no constant; constants have formulas of their own. */
export const composed: Readonly<Record<string, Writer>> = {
  /** x + bias below −λ, x − bias above λ, 0 between. https://onnx.ai/onnx/operators/onnx__Shrink.html */
  Shrink: ofValues((rewriting, node) => {
    const [x] = node.inputs
    const [bias, lambd] = [floatAttribute(node, 'bias', 0), floatAttribute(node, 'lambd', 0.5)]
    const number = (value: number): string => rewriting.constant(node, [value])
    const below = rewriting.add(node, 'Less', [x, number(-lambd)])
    const above = rewriting.add(node, 'Greater', [x, number(lambd)])
    const least = rewriting.add(node, 'Add', [x, number(bias)])
    const most = rewriting.add(node, 'Sub', [x, number(bias)])
    const rest = rewriting.add(node, 'Where', [above, most, number(0)])
    rewriting.add(node, 'Where', [below, least, rest], {}, node.outputs[0])
  }),
  ReduceL1: ofValues((rewriting, node) => {
    sumOf(rewriting, node, rewriting.add(node, 'Abs', [node.inputs[0]]), node.outputs[0])
  }),
  ReduceSumSquare: ofValues((rewriting, node) => {
    sumOf(rewriting, node, squareOf(rewriting, node), node.outputs[0])
  }),
  ReduceL2: ofValues((rewriting, node) => {
    rewriting.add(node, 'Sqrt', [sumOf(rewriting, node, squareOf(rewriting, node))], {}, node.outputs[0])
  }),
  ReduceLogSum: ofValues((rewriting, node) => {
    rewriting.add(node, 'Log', [sumOf(rewriting, node, node.inputs[0])], {}, node.outputs[0])
  }),
  ReduceLogSumExp: ofValues((rewriting, node) => {
    const powers = rewriting.add(node, 'Exp', [node.inputs[0]])
    rewriting.add(node, 'Log', [sumOf(rewriting, node, powers)], {}, node.outputs[0])
  }),
}

function ofValues(write: (rewriting: Rewriting, node: Node) => void): Writer {
  return (rewriting, node) => {
    if (node.inputs.length === 0 || rewriting.constants.has(node.inputs[0])) return false
    write(rewriting, node)
    return true
  }
}

const squareOf = (rewriting: Rewriting, node: Node): string =>
  rewriting.add(node, 'Mul', [node.inputs[0], node.inputs[0]])

/** Over the axes of `node`, which are an attribute up to operator set 17 and an input from 18 on. */
function sumOf(rewriting: Rewriting, node: Node, x: string, output?: string): string {
  const axes = intsAttribute(node, 'axes')
  const list = axes ? rewriting.integers(node, axes) : node.inputs[1]
  const attributes: Attributes = {
    keepdims: intAttribute(node, 'keepdims', 1),
    noop_with_empty_axes: intAttribute(node, 'noop_with_empty_axes', 0),
  }
  return rewriting.add({ ...node, opset: 13 }, 'ReduceSum', list ? [x, list] : [x], attributes, output)
}
