import type { Graph, Node, Tensor } from './graph.ts'

/** Inputs of these operators that are learnt, by place; of all others every input may be. */
const learnt: Readonly<Record<string, readonly number[]>> = {
  Clip: [0],
  Pad: [0],
  Pow: [0],
  Resize: [0],
  Upsample: [0],
  // Scales and zero points are how the numbers are written.
  QuantizeLinear: [0],
  DequantizeLinear: [0],
  QLinearConv: [3, 8],
  QLinearMatMul: [0, 3],
  ConvInteger: [1],
  MatMulInteger: [0, 1],
  // Running statistics are kept beside the scale and the bias, and are not trained.
  BatchNormalization: [1, 2],
}
/** Integers that these read are weights; elsewhere they are shapes and places. */
const onIntegers = new Set(['DequantizeLinear', 'QLinearConv', 'QLinearMatMul', 'ConvInteger', 'MatMulInteger'])
/** A single number in these is part of a written formula. */
const elementWise = new Set(['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'])

/** Numbers of the file that were trained and that this node reads: weights, biases, slopes. */
export const parametersOfNode = (node: Node, constants: Graph['constants']): number =>
  [...learntBy(node, constants).values()].reduce((sum, { data }) => sum + data.length, 0)

/** The trained numbers of the file, those that several nodes read counted once. */
export function parametersOfGraph({ nodes, constants }: Graph): number {
  const all = new Map(nodes.flatMap((node) => [...learntBy(node, constants)]))
  return [...all.values()].reduce((sum, { data }) => sum + data.length, 0)
}

function learntBy({ operator, inputs }: Node, constants: Graph['constants']): Map<string, Tensor> {
  const places = learnt[operator]
  const found = inputs.flatMap((name, place): [string, Tensor][] => {
    const tensor = constants.get(name)
    if (!tensor || (places && !places.includes(place))) return []
    const isWeight = tensor.elementType === 'float' || (tensor.elementType === 'int' && onIntegers.has(operator))
    const isFormula = elementWise.has(operator) && tensor.data.length === 1
    return isWeight && !isFormula ? [[name, tensor]] : []
  })
  return new Map(found)
}
