import { broadcastTo, reshaped, transposed } from '../../graph/rearrange.ts'
import { broadcastShapes, countOf } from '../../graph/shapes.ts'
import type { Operation } from '../operation.ts'
import { rearrangeView, type View } from '../values.ts'
import { product } from './arithmetic.ts'
import { weightedSums } from './weighted.ts'

/** Each product is an element that is squared twice; no network with more of them could be planned. */
const maximumProducts = 2 ** 17

export const BY_VALUES_HINT =
  'Constant weights can be protected, and products of values of one sample: of matrices behind the axis of the samples.'

/**
 * MatMul of two values, as in bilinear pooling and in attention without a softmax; undefined where a sample may meet another one,
 * since the first axis of both is that of the samples only if both are stacks of matrices.
 * Formula: c[m, n] = Σ_k a[m, k] · b[k, n].
 */
export function matrixOfValues(operation: Operation, left: View, right: View): View | undefined {
  const rank = left.shape.length
  if (rank < 3 || right.shape.length !== rank) return undefined
  const stack = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2))
  const [rows = 1, inner = 1] = left.shape.slice(-2)
  const [depth = 1, columns = 1] = right.shape.slice(-2)
  if (inner !== depth) throw operation.malformed(`[${left.shape}] × [${right.shape}] do not fit together`)
  const turned = rearrangeView(right, transposed(right.shape, [...stack.keys(), rank - 1, rank - 2]))
  const spread = (view: View, own: readonly number[]): View => {
    const shaped = rearrangeView(view, reshaped([...view.shape.slice(0, -2), ...own]))
    return rearrangeView(shaped, broadcastTo(shaped.shape, [...stack, rows, columns, inner]))
  }
  checkProducts(operation, [...stack, rows, columns, inner])
  return sumsOfProducts(operation, spread(left, [rows, 1, inner]), spread(turned, [1, columns, inner]), [
    ...stack,
    rows,
    columns,
  ])
}

/** Sums over what two values of one shape have behind the axes of `shape`, of their products element by element. */
export function sumsOfProducts(operation: Operation, left: View, right: View, shape: readonly number[]): View {
  const summed = countOf(left.shape) / countOf(shape)
  return weightedSums(operation, product(operation, left, right, left.shape), {
    shape,
    most: summed,
    taps(row, add) {
      for (let term = 0; term < summed; term++) add(row * summed + term, 1)
    },
  })
}

/** Before lists of them are made. */
export function checkProducts(operation: Operation, shape: readonly number[]): void {
  if (countOf(shape) <= maximumProducts) return
  throw operation.refuse(
    `it makes ${countOf(shape)} products of two values, and at most ${maximumProducts} are planned`,
    'Multiply smaller matrices of values, or by constant weights.',
  )
}
