import { floatAttribute, floatsAttribute, intAttribute, stringAttribute } from '../../graph/attributes.ts'
import type { Node } from '../../graph/graph.ts'
import type { Rewriting } from '../quantised/rewriting.ts'
import { last, type Writer } from './writing.ts'

/** What ONNX Runtime's optimiser and quantisers write. */
export const microsoft: Readonly<Record<string, Writer>> = {
  /** ONNX's own, for integers of 16 and 4 bits before operator set 21. */
  GridSample: asStandard,
  QuantizeLinear: asStandard,
  DequantizeLinear: asStandard,
  FusedConv(rewriting, node) {
    const [x, weight, bias = '', added = ''] = node.inputs
    const attributes = without(node, ['activation', 'activation_params'])
    const conv = rewriting.add(node, 'Conv', [x, weight, bias], attributes)
    const sum = added === '' ? conv : rewriting.add(node, 'Add', [conv, added])
    return activate(rewriting, node, sum, floatsAttribute(node, 'activation_params') ?? [])
  },
  FusedGemm(rewriting, node) {
    const names = ['activation_alpha', 'activation_beta', 'activation_gamma']
    const gemm = rewriting.add(node, 'Gemm', node.inputs, without(node, ['activation', ...names]))
    const given = names.filter((name) => Object.hasOwn(node.attributes, name))
    return activate(
      rewriting,
      node,
      gemm,
      given.map((name) => floatAttribute(node, name, 0)),
    )
  },
  TransposeMatMul: fusedMatMul,
  FusedMatMul: fusedMatMul,
  /**
   * x · Wᵀ + bias. Each of N rows has K integers of a few bits in blocks, the first of a byte in its lowest bits; each
   * block has a scale and a zero point, 2^(bits − 1) unless told, and a row's zero points begin a byte.
   */
  MatMulNBits(rewriting, node) {
    const [x, packed, scales, zeros = '', order = '', bias = ''] = node.inputs
    const [inputs, outputs] = [intAttribute(node, 'K', 0), intAttribute(node, 'N', 0)]
    const [bits, block] = [intAttribute(node, 'bits', 4), intAttribute(node, 'block_size', 0)]
    const constants = [packed, scales, ...(zeros ? [zeros] : [])].map((name) => rewriting.constants.get(name))
    const [stored, scale, zero] = constants
    if (!stored || !scale || constants.includes(undefined) || order !== '' || zero?.elementType === 'float')
      return false
    if (![2, 4, 8].includes(bits) || block < 1 || inputs < 1 || outputs < 1) return false
    const blocks = Math.ceil(inputs / block)
    const [rowBytes, zeroBytes] = [(blocks * block * bits) / 8, Math.ceil((blocks * bits) / 8)]
    const fits = stored.data.length === outputs * rowBytes && scale.data.length === outputs * blocks
    if (!fits || (zero && zero.data.length !== outputs * zeroBytes)) return false
    const at = (data: Float64Array, bit: number): number => (data[bit >> 3] >> (bit & 7)) & (2 ** bits - 1)
    const weights = new Float64Array(inputs * outputs)
    for (let output = 0; output < outputs; output++) {
      for (let input = 0; input < inputs; input++) {
        const part = Math.floor(input / block)
        const middle = zero ? at(zero.data, output * zeroBytes * 8 + part * bits) : 2 ** (bits - 1)
        const value = at(stored.data, output * rowBytes * 8 + input * bits) - middle
        weights[input * outputs + output] = value * scale.data[output * blocks + part]
      }
    }
    const product = rewriting.add(node, 'MatMul', [x, rewriting.constant(node, weights, [inputs, outputs])])
    if (bias === '') return last(rewriting, node, 'Identity', product)
    rewriting.add(node, 'Add', [product, bias], {}, node.outputs[0])
    return true
  },
  Gelu: (rewriting, node) => last(rewriting, node, 'Gelu', node.inputs[0]),
  QuickGelu: (rewriting, node) =>
    last(rewriting, node, 'Swish', node.inputs[0], { alpha: floatAttribute(node, 'alpha', 1.702) }),
  BiasGelu: (rewriting, node) => last(rewriting, node, 'Gelu', rewriting.add(node, 'Add', node.inputs)),
  FastGelu(rewriting, node) {
    const [x, bias = ''] = node.inputs
    const sum = bias === '' ? x : rewriting.add(node, 'Add', [x, bias])
    return last(rewriting, node, 'Gelu', sum, { approximate: 'tanh' })
  },
}

/** α · A' · B', either of them with its last two axes exchanged, or its first axis put before the last; TransposeMatMul is its older name. */
function fusedMatMul(rewriting: Rewriting, node: Node): boolean {
  const moved = (name: string, side: 'A' | 'B'): string => {
    const [isSwapped, isBehind] = [`trans${side}`, `transBatch${side}`].map((each) => intAttribute(node, each, 0) !== 0)
    const equation = isBehind ? (isSwapped ? 'i...j->...ji' : 'i...j->...ij') : isSwapped ? '...ij->...ji' : ''
    return equation === '' ? name : rewriting.add(node, 'Einsum', [name], { equation })
  }
  const [left, right] = node.inputs
  const product = rewriting.add(node, 'MatMul', [moved(left, 'A'), moved(right, 'B')])
  rewriting.affine(node, product, floatAttribute(node, 'alpha', 1), 0, node.outputs[0])
  return true
}

function asStandard(rewriting: Rewriting, node: Node): boolean {
  rewriting.keep({ ...node, domain: '' })
  return true
}

const without = (node: Node, names: readonly string[]): Node['attributes'] =>
  Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)))

/** Names of the parameters of what ONNX Runtime fuses, in its order. */
const parameters: Readonly<Record<string, readonly string[]>> = {
  '': [],
  Relu: [],
  Tanh: [],
  Sigmoid: [],
  LeakyRelu: ['alpha'],
  HardSigmoid: ['alpha', 'beta'],
  Clip: ['min', 'max'],
  Elu: ['alpha'],
  Selu: ['alpha', 'gamma'],
  Softplus: [],
  Softsign: [],
  ThresholdedRelu: ['alpha'],
}

function activate(rewriting: Rewriting, node: Node, x: string, values: readonly number[]): boolean {
  const operator = stringAttribute(node, 'activation', '')
  if (!Object.hasOwn(parameters, operator)) return false
  const attributes = Object.fromEntries(
    parameters[operator].flatMap((name, index) => (index < values.length ? [[name, values[index]] as const] : [])),
  )
  return last(rewriting, node, operator || 'Identity', x, attributes)
}
