import { floatAttribute, hasAttribute, wordAttribute } from '../../graph/attributes.ts'
import { clampOf, type Quantisation } from '../../network/fake-quantize.ts'
import type { Operator, FoldOperation } from '../operation.ts'
import { apply } from './activation.ts'

/**
 * FakeQuantize(x), which reading integers makes: QuantizeLinear, then DequantizeLinear. As a network it is the clamp
 * that a quantiser is; its rounding is left out, or kept where the integers themselves are computed with. Without
 * attributes it is DynamicQuantizeLinear, whose range is that of the values. The owner's at the end.
 */
export const fakeQuantize: Operator = {
  /** Of expressions, which are functions of one value; constants are quantised before. */
  fold(operation) {
    const tensor = operation.constant(0)
    const quantisation = quantisationOf(operation)
    if (!quantisation) return tensor
    const { min, max } = clampOf(quantisation)
    return { ...tensor, data: tensor.data.map((x) => Math.min(max, Math.max(min, x))) }
  },
  lower(operation) {
    const { network, node, isLast } = operation
    const view = operation.view(0)
    const quantisation = quantisationOf(operation)
    if (isLast && network.finish !== 'none') return view
    if (quantisation && isLast) network.outputStep = quantisation.scale
    if (network.onIntegers) {
      if (!quantisation) return apply(operation, view, { operator: 'DynamicQuantize', parameters: {} })
      const half = wordAttribute(node, 'half', ['even', 'away'], 'even')
      const parameters = { ...quantisation, away: Number(half === 'away') }
      return apply(operation, view, { operator: 'FakeQuantize', parameters })
    }
    if (!quantisation || isLast) return view
    const parameters = { ...clampOf(quantisation), step: quantisation.scale }
    return apply(operation, view, { operator: 'Clip', parameters })
  },
}

function quantisationOf({ node }: FoldOperation): Quantisation | undefined {
  if (!hasAttribute(node, 'scale')) return undefined
  const number = (name: string): number => floatAttribute(node, name, 0)
  return { scale: number('scale'), zero: number('zero'), min: number('min'), max: number('max') }
}
