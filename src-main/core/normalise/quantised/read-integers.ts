import { hasAttribute, intAttribute, stringAttribute } from '../../graph/attributes.ts'
import type { Graph, Node } from '../../graph/graph.ts'
import { integerRanges, integerTypeOf, type IntegerType } from '../../graph/integer-types.ts'
import { elementTypeOf } from '../../onnx/read-tensor.ts'
import type { Quantised } from '../../network/layer-model.ts'
import type { Quantisation } from '../../network/fake-quantize.ts'
import { Rewriting, rewrittenDomain } from './rewriting.ts'
import { writeAsQdq } from './write-as-qdq.ts'

/** An integer tensor under its own name holds real numbers r; the integers are r / scale + zero. */
type Reals = Map<string, Quantisation>

/** Operators that move the elements of their first input, or choose among them, whatever these stand for. */
const moving = new Set(
  (
    'Identity Reshape Flatten Transpose Squeeze Unsqueeze Slice Split Gather GatherElements Expand Tile MaxPool ' +
    'GlobalMaxPool DepthToSpace SpaceToDepth Dropout ReduceMax'
  ).split(' '),
)

/**
 * Read integers as the real numbers that they stand for.
 * Before: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear, QLinear… and …Integer, with integers between them.
 * After: the same network on real numbers, each quantisation one FakeQuantize; weights and biases are dequantised.
 * Conditions: scales and zero points are constants of one element; what is not so stays, and lowering reports it.
 * Formula: an integer q of scale s and zero point z stands for r = s·(q − z); a map of integers is that map of reals
 * times its scales, and a maximum or a move of integers is that of the reals, since s is above 0.
 * The output, where it is of integers, is left in reals. `onIntegers`: quantisers round as those of the file.
 */
export function readIntegers(graph: Graph, onIntegers = false): Graph {
  if (!formOf(graph) && graph.nodes.every(({ operator }) => operator !== 'DequantizeLinear')) return graph
  const rewriting = new Rewriting(graph, onIntegers)
  const reals: Reals = new Map()
  const nodes: Node[] = []
  for (const node of graph.nodes) {
    const expanded = writeAsQdq(rewriting, node) ? rewriting.take() : [node]
    for (const step of expanded) read(rewriting, reals, step)
    nodes.push(...rewriting.take())
  }
  const outputs = graph.outputs.map((output) => {
    const { scale, zero } = reals.get(output.name) ?? {}
    return scale === undefined || zero === undefined ? output : { ...output, integers: { scale, zero } }
  })
  return { ...graph, nodes, outputs, constants: rewriting.constants }
}

/** How a graph is quantised; undefined where it is not. */
export function formOf({ nodes }: Graph): Quantised['form'] | undefined {
  const operators = nodes.map(({ operator }) => operator)
  if (operators.some((operator) => operator.startsWith('DynamicQuantize'))) return 'dynamic'
  if (operators.some((operator) => /^QLinear|^QGemm$|Integer/.test(operator))) return 'integer-operators'
  return operators.includes('QuantizeLinear') ? 'qdq' : undefined
}

function read(rewriting: Rewriting, reals: Reals, node: Node): void {
  const { constants } = rewriting
  const isConstant = node.inputs.every((name) => name === '' || constants.has(name))
  if (isConstant) {
    rewriting.keep(node)
    return
  }
  const isOwn = node.domain === '' || node.domain === 'com.microsoft'
  if (isOwn && steps[node.operator]?.(rewriting, reals, node)) return
  const quantisation = reals.get(node.inputs[0])
  if (node.domain === '' && moving.has(node.operator) && quantisation) {
    for (const output of node.outputs) reals.set(output, quantisation)
    rewriting.keep(node)
    return
  }
  const inputs = node.inputs.map((name) => materialise(rewriting, reals, node, name))
  rewriting.keep({ ...node, inputs })
}

/** The name of the integers themselves. */
function materialise(rewriting: Rewriting, reals: Reals, node: Node, name: string, output?: string): string {
  const { scale, zero } = reals.get(name) ?? { scale: 1, zero: 0 }
  return rewriting.affine(node, name, 1 / scale, zero, output)
}

/** Each reads one kind of node; false where its conditions are not met. */
const steps: Readonly<Record<string, (rewriting: Rewriting, reals: Reals, node: Node) => boolean>> = {
  QuantizeLinear(rewriting, reals, node) {
    const [x, scale, zero = ''] = node.inputs
    const asked = intAttribute(node, 'output_dtype', 0)
    const fallback = asked === 0 ? 'uint8' : integerTypeOf(asked)
    const quantisation = fallback && rewriting.quantisation(scale, zero, fallback)
    if (!quantisation || reals.has(x)) return false
    const half = { half: stringAttribute(node, 'half', 'even') }
    const [output] = node.outputs
    rewriting.add(
      node,
      'FakeQuantize',
      [x],
      { ...quantisation, ...half, rounds: Number(rewriting.onIntegers) },
      output,
      rewrittenDomain,
    )
    reals.set(output, quantisation)
    return true
  },
  DequantizeLinear(rewriting, reals, node) {
    const [x, scale, zero = ''] = node.inputs
    const quantisation = rewriting.quantisation(scale, zero)
    if (!quantisation) return false
    const from = reals.get(x) ?? { scale: 1, zero: 0 }
    const factor = quantisation.scale / from.scale
    rewriting.affine(node, x, factor, (from.zero - quantisation.zero) * quantisation.scale, node.outputs[0])
    return true
  },
  /** Scale and zero point depend on the input, but only together with the integers: those are read as of scale 1. */
  DynamicQuantizeLinear(rewriting, reals, node) {
    const [output, scale, zero] = node.outputs
    const rows = hasAttribute(node, 'rowLength') && { rowLength: intAttribute(node, 'rowLength', 0) }
    rewriting.add(node, 'FakeQuantize', [node.inputs[0]], { ...rows }, output, rewrittenDomain)
    const [min, max] = integerRanges.uint8
    reals.set(output, { scale: 1, zero: 0, min, max })
    if (scale) rewriting.constants.set(scale, { elementType: 'float', shape: [], data: Float64Array.of(1) })
    if (zero)
      rewriting.constants.set(zero, { elementType: 'int', shape: [], data: Float64Array.of(0), integer: 'uint8' })
    return true
  },
  ConvInteger: (rewriting, reals, node) => integerProduct(rewriting, reals, node, 'Conv', [0, 0]),
  MatMulInteger: (rewriting, reals, node) => integerProduct(rewriting, reals, node, 'MatMul', [-2, -1]),
  Cast(rewriting, reals, node) {
    const quantisation = reals.get(node.inputs[0])
    if (!quantisation) return false
    const target = intAttribute(node, 'to', 1)
    if (elementTypeOf(target) === 'float') {
      materialise(rewriting, reals, node, node.inputs[0], node.outputs[0])
      return true
    }
    const type = integerTypeOf(target)
    if (!type || !holds(type, quantisation)) return false
    rewriting.affine(node, node.inputs[0], 1, 0, node.outputs[0])
    reals.set(node.outputs[0], quantisation)
    return true
  },
  /** Padding with the integer v is padding with the real number s·(v − z). */
  Pad(rewriting, reals, node) {
    const quantisation = reals.get(node.inputs[0])
    const padding = rewriting.constants.get(node.inputs[2] ?? '')
    if (!quantisation || (node.inputs[2] && padding?.data.length !== 1)) return false
    const value = quantisation.scale * ((padding?.data[0] ?? 0) - quantisation.zero)
    const [x, pads, , ...axes] = node.inputs
    rewriting.keep({ ...node, inputs: [x, pads, rewriting.constant(node, [value]), ...axes] })
    reals.set(node.outputs[0], quantisation)
    return true
  },
  Concat(rewriting, reals, node) {
    const [first, ...others] = node.inputs.map((name) => reals.get(name))
    const isAlike = first && others.every((other) => other?.scale === first.scale && other.zero === first.zero)
    if (!isAlike) return false
    rewriting.keep(node)
    reals.set(node.outputs[0], first)
    return true
  },
}

const holds = (type: IntegerType, { min, max }: Quantisation): boolean =>
  integerRanges[type][0] <= min && max <= integerRanges[type][1]

/**
 * ConvInteger(x, w, x_zero?, w_zero?) and MatMulInteger: the product of what is left when the zero points are taken off,
 * which has the scale of the factors. `axes` are those along which either may have a zero point for each position.
 */
function integerProduct(
  rewriting: Rewriting,
  reals: Reals,
  node: Node,
  operator: 'Conv' | 'MatMul',
  axes: readonly [number, number],
): boolean {
  let scale = 1
  const factors = [0, 1].map((index) => {
    const [name, zero] = [node.inputs[index], node.inputs[index + 2] ?? '']
    if (rewriting.constants.has(name)) {
      const one = rewriting.constant(node, [1])
      return rewriting.add(node, 'DequantizeLinear', [name, one, zero], { axis: axes[index] })
    }
    const zeroTensor = rewriting.constants.get(zero)
    if (zero && zeroTensor?.data.length !== 1) return undefined
    const quantisation = reals.get(name) ?? { scale: 1, zero: 0 }
    scale *= quantisation.scale
    const shift = (quantisation.zero - (zeroTensor?.data[0] ?? 0)) * quantisation.scale
    return rewriting.affine(node, name, 1, shift)
  })
  if (factors.includes(undefined)) return false
  rewriting.keep({ ...node, operator, domain: '', inputs: factors as string[] })
  const [min, max] = integerRanges.int32
  reals.set(node.outputs[0], { scale, zero: 0, min, max })
  return true
}
