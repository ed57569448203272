import type { Tensor } from '../graph/graph.ts'
import { composeIndices, rearrange, type Rearrangement } from '../graph/rearrange.ts'
import type { LayerId } from '../network/layer-model.ts'

/** What an ONNX value is during lowering. */
export type Value = Constant | View | Unknown

export interface Constant {
  readonly kind: 'constant'
  readonly tensor: Tensor
}

/**
 * Elements of one layer's output under an ONNX shape, batch of one included: element i is element order[i] of
 * `source` (flattened [C,H,W]), 0 where that is −1. Without `order` it is element i.
 *
 * Eliminate moves: identities, reshapes, slices, and the transposes with which tf2onnx wraps channels-last networks.
 * Before: f(transpose(x)), x and f(…) in any order of axes. After: f reads x through an order; two transposes that
 * undo each other leave none. Conditions: f can be written for x's own order (dense weights get their columns
 * permuted, element-wise functions do not care); else one layer that moves the elements is added.
 * Formula: (transpose(x))[i] = x[order[i]].
 */
export interface View {
  readonly kind: 'view'
  readonly source: LayerId
  readonly shape: readonly number[]
  readonly order?: Int32Array
}

/** The result of an unsupported node whose shape cannot be told, or (with a cause) of an output nobody computes. */
export interface Unknown {
  readonly kind: 'unknown'
  readonly cause?: UnsupportedNode
}

/** A node that cannot be protected, and why. */
export interface UnsupportedNode {
  readonly node: string
  readonly operator: string
  readonly reason: string
  readonly hint?: string
}

export const unknown: Unknown = { kind: 'unknown' }

export const constantOf = (tensor: Tensor): Constant => ({ kind: 'constant', tensor })

export const shapeOf = (value: Constant | View): readonly number[] =>
  value.kind === 'constant' ? value.tensor.shape : value.shape

/** The same elements under another shape and in another order; no layer is added. */
export function rearrangeView(view: View, change: Rearrangement): View {
  return { ...view, shape: change.shape, order: composeIndices(view.order, change.indices) }
}

/** As `rearrangeView`, of numbers that are known. */
export function rearrangeTensor(tensor: Tensor, change: Rearrangement): Tensor {
  return { ...tensor, shape: change.shape, data: rearrange(tensor.data, change) }
}
