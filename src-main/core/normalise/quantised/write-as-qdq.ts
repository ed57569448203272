import { floatAttribute, intAttribute, intsAttribute } from '../../graph/attributes.ts'
import type { AttributeValue, Node, Tensor } from '../../graph/graph.ts'
import type { Rewriting } from './rewriting.ts'

/**
 * Write operators on integers as operators on real numbers between QuantizeLinear and DequantizeLinear.
 * Before: QLinearConv, QLinearMatMul, and com.microsoft's QGemm, QLinearAdd, QLinearConcat, DynamicQuantizeMatMul, …
 * After: y = Quantize(f(Dequantize(x), …)). Conditions: scales that are multiplied are constants.
 * Formula: the definition of these operators; a bias of int32 has the product of the scales of input and weight.
 * False for other nodes, which are left alone. Operators of com.microsoft:
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
export function writeAsQdq(rewriting: Rewriting, node: Node): boolean {
  const table = node.domain === '' ? standard : node.domain === 'com.microsoft' ? microsoft : {}
  if (!Object.hasOwn(table, node.operator)) return false
  return table[node.operator](new Qdq(rewriting, node))
}

type Rule = (qdq: Qdq) => boolean

/** One node that is being written. */
class Qdq {
  readonly rewriting: Rewriting
  readonly node: Node
  readonly inputs: readonly string[]

  constructor(rewriting: Rewriting, node: Node) {
    this.rewriting = rewriting
    this.node = node
    this.inputs = node.inputs
  }

  add(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    return this.rewriting.add(this.node, operator, inputs, attributes)
  }

  /** The real numbers of inputs `at`, `at` + 1 (scale) and `at` + 2 (zero point). */
  real(at: number, axis = 0): string {
    return this.add('DequantizeLinear', this.inputs.slice(at, at + 3), { axis })
  }

  /** Ends the node: quantised by inputs `at` (scale) and `at` + 1, or as it is where there is no scale. */
  end(value: string, at: number): true {
    const { rewriting, node, inputs } = this
    const [scale = '', zero = ''] = inputs.slice(at, at + 2)
    const quantised = scale !== '' && at >= 0
    const from = quantised ? [value, scale, ...(zero ? [zero] : [])] : [value]
    rewriting.add(node, quantised ? 'QuantizeLinear' : 'Identity', from, {}, node.outputs[0])
    return true
  }

  /** A bias of int32, whose scale is the product of those at `scales`; undefined where one is no constant. */
  bias(at: number, scales: readonly number[], factor = 1): string | undefined {
    const { rewriting, node, inputs } = this
    const tensors = scales.map((index) => rewriting.constants.get(inputs[index]))
    if (tensors.includes(undefined)) return undefined
    const [left, right] = tensors as [Tensor, Tensor]
    const many = left.data.length > 1 ? left : right
    const product = many.data.map((_, index) => factor * scaleAt(left, index) * scaleAt(right, index))
    const scale = rewriting.constant(node, product, product.length === 1 ? [] : [product.length])
    return this.add('DequantizeLinear', [inputs[at], scale], { axis: 0 })
  }

  /** The node's own attributes without those that only this form has. */
  attributes(...without: string[]): Record<string, AttributeValue> {
    return Object.fromEntries(Object.entries(this.node.attributes).filter(([name]) => !without.includes(name)))
  }

  /** Runs `inner` on channels first where the node's images have them last. */
  channelsFirst(x: string, inner: (x: string) => string): string {
    if (intAttribute(this.node, 'channels_last', 0) === 0) return inner(x)
    const rank = this.#rankOf()
    const axes = Array.from({ length: rank }, (_, axis) => axis)
    const first = this.add('Transpose', [x], { perm: [0, rank - 1, ...axes.slice(1, -1)] })
    return this.add('Transpose', [inner(first)], { perm: [0, ...axes.slice(2), 1] })
  }

  /** Of an image, as the kernel tells. */
  #rankOf(): number {
    const kernel = intsAttribute(this.node, 'kernel_shape')
    return kernel ? kernel.length + 2 : 4
  }
}

const scaleAt = ({ data }: Tensor, index: number): number => data[data.length === 1 ? 0 : index]

const convolution: Rule = (qdq) => {
  const { inputs } = qdq
  const bias = inputs[8] ? qdq.bias(8, [1, 4]) : ''
  if (bias === undefined) return false
  const weight = qdq.real(3)
  const run = (x: string) => qdq.add('Conv', bias ? [x, weight, bias] : [x, weight], qdq.attributes('channels_last'))
  return qdq.end(qdq.channelsFirst(qdq.real(0), run), 6)
}

const standard: Readonly<Record<string, Rule>> = {
  QLinearConv: convolution,
  /** A scale for each row of A or each column of B: their last axis but one, and their last. */
  QLinearMatMul: (qdq) => qdq.end(qdq.add('MatMul', [qdq.real(0, -2), qdq.real(3, -1)]), 6),
}

const binary =
  (operator: string): Rule =>
  (qdq) =>
    qdq.end(qdq.add(operator, [qdq.real(0), qdq.real(3)]), 6)

const unary =
  (operator: string, attributesOf: (qdq: Qdq) => Record<string, AttributeValue> = () => ({})): Rule =>
  (qdq) =>
    qdq.end(qdq.add(operator, [qdq.real(0)], attributesOf(qdq)), 3)

const pool =
  (operator: string): Rule =>
  (qdq) => {
    const run = (x: string) => qdq.add(operator, [x], qdq.attributes('channels_last'))
    return qdq.end(qdq.channelsFirst(qdq.real(0), run), 3)
  }

const withBias = (qdq: Qdq, product: string, at: number): string =>
  qdq.inputs[at] ? qdq.add('Add', [product, qdq.inputs[at]]) : product

const microsoft: Readonly<Record<string, Rule>> = {
  ...standard,
  QLinearAdd: binary('Add'),
  QLinearMul: binary('Mul'),
  QLinearSigmoid: unary('Sigmoid'),
  QLinearLeakyRelu: unary('LeakyRelu', ({ node }) => ({ alpha: floatAttribute(node, 'alpha', 0.01) })),
  QLinearSoftmax: unary('Softmax', ({ node }) => ({ axis: intAttribute(node, 'axis', -1) })),
  QLinearAveragePool: pool('AveragePool'),
  QLinearGlobalAveragePool: pool('GlobalAveragePool'),
  QLinearReduceMean(qdq) {
    const { node, rewriting } = qdq
    const axes = intsAttribute(node, 'axes')
    const keepdims = intAttribute(node, 'keepdims', 1)
    if (rewriting.opset < 18)
      return qdq.end(qdq.add('ReduceMean', [qdq.real(0)], { keepdims, ...(axes && { axes }) }), 3)
    const list = axes && rewriting.integers(node, axes)
    return qdq.end(qdq.add('ReduceMean', [qdq.real(0), ...(list ? [list] : [])], { keepdims }), 3)
  },
  QLinearConcat(qdq) {
    const count = Math.floor((qdq.inputs.length - 2) / 3)
    const parts = Array.from({ length: count }, (_, part) => qdq.real(2 + 3 * part))
    return qdq.end(qdq.add('Concat', parts, qdq.attributes()), 0)
  },
  QGemm(qdq) {
    const { node, inputs } = qdq
    const [alpha, transB] = [floatAttribute(node, 'alpha', 1), intAttribute(node, 'transB', 0)]
    const bias = inputs[6] ? qdq.bias(6, [1, 4], alpha) : ''
    if (bias === undefined) return false
    const factors = [qdq.real(0), qdq.real(3, transB ? 0 : 1)]
    return qdq.end(qdq.add('Gemm', bias ? [...factors, bias] : factors, qdq.attributes()), 7)
  },
  /** A is real: quantised by its own range. */
  DynamicQuantizeMatMul(qdq) {
    const { rewriting, node, inputs } = qdq
    const [scale, zero] = [0, 1].map((index) => `${node.outputs[0]} ${index === 0 ? 'scale' : 'zero'}`)
    const integers = `${node.outputs[0]} integers`
    rewriting.keep({
      ...node,
      operator: 'DynamicQuantizeLinear',
      domain: '',
      inputs: [inputs[0]],
      outputs: [integers, scale, zero],
    })
    const left = qdq.add('DequantizeLinear', [integers, scale, zero])
    const right = qdq.add('DequantizeLinear', inputs.slice(1, 4), { axis: -1 })
    return qdq.end(withBias(qdq, qdq.add('MatMul', [left, right]), 4), -1)
  },
  MatMulIntegerToFloat(qdq) {
    const { inputs } = qdq
    const left = qdq.add('DequantizeLinear', [inputs[0], inputs[2], inputs[4] ?? ''], { axis: -2 })
    const right = qdq.add('DequantizeLinear', [inputs[1], inputs[3], inputs[5] ?? ''], { axis: -1 })
    return qdq.end(withBias(qdq, qdq.add('MatMul', [left, right]), 6), -1)
  },
}
