import { checkEnlarged } from '../../graph/rearrange.ts'
import { countOf } from '../../graph/shapes.ts'
import type { SparseMap } from '../../network/layer-model.ts'
import { imageShape } from '../network-builder.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { shapeOf, type View } from '../values.ts'

/** Calls `add` for each element of the input that element `row` of the result takes, in any order. */
export type TapsOfRow = (row: number, add: (from: number, weight: number) => void) => void

/** A result whose elements are weighted sums of the first input's, by constants. */
export interface WeightedSums {
  readonly shape: readonly number[]
  /** How many elements of the input a row takes at most. */
  readonly most: number
  readonly taps: TapsOfRow
}

/** Of all sums together; no network that can be encrypted comes near. */
const maximumTaps = 2 ** 26

/**
 * An operator that gives weighted sums of its first input, such as GridSample with a constant grid: the same rule for
 * constants and for the network's values. Of a fixed batch each sample must be treated alike, by itself.
 */
export function weighted(rule: (operation: FoldOperation, shape: readonly number[]) => WeightedSums): Operator {
  const sumsOf = (operation: FoldOperation, shape: readonly number[]): WeightedSums =>
    checked(operation, rule(operation, shape))
  return {
    fold(operation) {
      const tensor = operation.constant(0)
      const { shape, taps } = sumsOf(operation, tensor.shape)
      return { ...tensor, shape, data: sumUp(countOf(shape), taps, tensor.data) }
    },
    lower(operation) {
      const value = operation.value(0)
      const sums = ofOneSample(operation, shapeOf(value), (shape) => sumsOf(operation, shape))
      if (value.kind === 'view') return weightedSums(operation, value, sums)
      throw operation.refuse('only its first input may depend on the input')
    },
  }
}

/** The sums of one sample, of which the network's values have the `shape`. Refuses those that take other samples' elements. */
function ofOneSample(
  operation: Operation,
  shape: readonly number[],
  sumsOf: (shape: readonly number[]) => WeightedSums,
): WeightedSums {
  const { batch } = operation
  const [first = 1, ...rest] = shape
  if (batch === 1) return sumsOf(shape)
  const whole = sumsOf([first * batch, ...rest])
  const [count = 1, ...others] = whole.shape
  const one = { ...whole, shape: [count / batch, ...others] }
  if (!Number.isInteger(count / batch) || !areAlike(one, batch, countOf(shape))) throw operation.refuseAcrossSamples()
  return one
}

/** Whether each sample's rows take of its own `size` elements what the first sample's take of theirs. */
function areAlike({ shape, taps }: WeightedSums, batch: number, size: number): boolean {
  const rows = countOf(shape)
  const termsOf = (row: number, sample: number): string[] => {
    const terms: string[] = []
    taps(sample * rows + row, (from, weight) => terms.push(`${from - sample * size} ${weight}`))
    return terms
  }
  for (let row = 0; row < rows; row++) {
    const own = termsOf(row, 0)
    if (own.some((term) => Number.parseInt(term, 10) >= size)) return false
    for (let sample = 1; sample < batch; sample++) if (termsOf(row, sample).join() !== own.join()) return false
  }
  return true
}

function checked(operation: FoldOperation, sums: WeightedSums): WeightedSums {
  checkEnlarged(sums.shape)
  if (countOf(sums.shape) * sums.most > maximumTaps) throw operation.refuse('it has too many terms')
  return sums
}

/** A layer of such sums of a view. */
export function weightedSums(operation: Operation, { source, order }: View, sums: WeightedSums): View {
  const { network } = operation
  const { shape, taps } = checked(operation, sums)
  const map = sparseMap(countOf(shape), taps, order, (numbers) => network.budget.spend(numbers))
  const layerShape = imageShape(shape)
  const added = network.addLinear([{ input: source, map }], new Float64Array(layerShape[0]), layerShape)
  return { kind: 'view', source: added, shape }
}

/** The sums of `count` rows over the row-major elements `values`. */
export function sumUp(count: number, taps: TapsOfRow, values: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: count }, (_, row) => {
    let sum = 0
    taps(row, (from, weight) => (sum += weight * values[from]))
    return sum
  })
}

/**
 * The same sums as a map of `count` rows. `order` is that of a view: where an element stands in its layer, negative for a zero.
 * `spend` hears how many numbers each row keeps.
 */
export function sparseMap(
  count: number,
  taps: TapsOfRow,
  order: Int32Array | undefined,
  spend: (numbers: number) => void = () => {},
): SparseMap {
  const rowStarts = new Int32Array(count + 1)
  const columns: number[] = []
  const values: number[] = []
  for (let row = 0; row < count; row++) {
    const sums = new Map<number, number>()
    taps(row, (from, weight) => {
      const column = order ? order[from] : from
      if (column >= 0 && weight !== 0) sums.set(column, (sums.get(column) ?? 0) + weight)
    })
    spend(sums.size)
    for (const [column, value] of [...sums].sort(([a], [b]) => a - b)) {
      columns.push(column)
      values.push(value)
    }
    rowStarts[row + 1] = columns.length
  }
  return { kind: 'sparse', rowStarts, columns: Int32Array.from(columns), values: Float64Array.from(values) }
}
