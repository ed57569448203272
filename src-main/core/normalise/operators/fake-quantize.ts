import { floatAttribute, hasAttribute, intAttribute, wordAttribute } from '../../graph/attributes.ts'
import { countOf } from '../../graph/shapes.ts'
import { clampOf, type Quantisation } from '../../network/fake-quantize.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import type { View } from '../values.ts'
import { apply } from './activation.ts'

/**
 * FakeQuantize(x), which reading integers makes: QuantizeLinear, then DequantizeLinear. As a network it is the clamp
 * that a quantiser is; its rounding is left out, or kept within functions and where the integers are computed with. Without
 * attributes it is DynamicQuantizeLinear, whose range is that of the values, or with `rowLength` of each row of as many
 * values, as dense layers of TFLite have it. The owner's at the end.
 */
export const fakeQuantize: Operator = {
  /** Within a function of one value, such as SiLU of integers, rounding is part of the function and costs nothing. */
  pointwise(operation) {
    const activation = activationOf(operation, true)
    if (!activation) throw operation.refuse('its range is that of all values')
    return { ...activation, inputs: 1 }
  },
  lower(operation) {
    const { network, isLast } = operation
    const view = operation.view(0)
    const quantisation = quantisationOf(operation)
    if (isLast && network.finish !== 'none') return view
    if (quantisation && isLast) network.outputStep = quantisation.scale
    const activation = activationOf(operation)
    if (activation) return isLast && !network.onIntegers ? view : apply(operation, view, activation)
    return network.onIntegers ? quantiseDynamically(operation, view) : view
  },
}

/** Rows become channels of a layer of their own, which has a range for each. */
function quantiseDynamically(operation: Operation, view: View): View {
  const size = countOf(view.shape)
  const rowLength = intAttribute(operation.node, 'rowLength', size)
  if (rowLength < 1 || size % rowLength !== 0) throw operation.malformed(`[${view.shape}] is not rows of ${rowLength}`)
  if (rowLength === size) return apply(operation, view, { operator: 'DynamicQuantize', parameters: {} })
  const rows = operation.network.asImage(view, [size / rowLength, 1, rowLength])
  const byRow: View = { kind: 'view', source: rows, shape: view.shape }
  return apply(operation, byRow, { operator: 'DynamicQuantize', parameters: { byChannel: 1 } })
}

/** A clamp, or with rounding what the integers of the file are; undefined where the range is that of the values. */
function activationOf(
  operation: FoldOperation,
  rounds = intAttribute(operation.node, 'rounds', 0) !== 0,
): { operator: string; parameters: Record<string, number> } | undefined {
  const quantisation = quantisationOf(operation)
  if (!quantisation) return undefined
  if (!rounds) {
    return { operator: 'Clip', parameters: { ...clampOf(quantisation), step: quantisation.scale } }
  }
  const half = wordAttribute(operation.node, 'half', ['even', 'away'], 'even')
  return { operator: 'FakeQuantize', parameters: { ...quantisation, away: Number(half === 'away') } }
}

function quantisationOf({ node }: FoldOperation): Quantisation | undefined {
  if (!hasAttribute(node, 'scale')) return undefined
  const number = (name: string): number => floatAttribute(node, name, 0)
  return { scale: number('scale'), zero: number('zero'), min: number('min'), max: number('max') }
}
