import { present } from '../must.ts'
import { badShape, countOf, stridesOf } from './shapes.ts'

/**
 * A tensor made of another's elements: element i is element indices[i] of the original, 0 where that is −1.
 * Without indices the elements keep their order and only the shape is new.
 */
export interface Rearrangement {
  readonly shape: readonly number[]
  readonly indices?: Int32Array
}

/** Bounds what a small file can make us allocate: the first for moving what is there, the second for making more. */
const maximumElements = 2 ** 27
const maximumEnlarged = 2 ** 22

/** Throws 'bad-shape' for a shape that is none, or that nothing which can be encrypted has. Call before making lists. */
export function checkEnlarged(shape: readonly number[]): void {
  const isShape = shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  if (!isShape || countOf(shape) > maximumEnlarged || shape.some((size) => size > maximumEnlarged)) {
    throw badShape(`a tensor of shape [${shape}] cannot be made`)
  }
}

/**
 * Element [p0, p1, …] is the original's element Σ offsets[axis][p_axis], and 0 where any of the offsets is −1.
 * All the rearrangements below are of this separable form.
 */
function separable(offsets: readonly Int32Array[]): Rearrangement {
  const shape = offsets.map(({ length }) => length)
  const count = countOf(shape)
  if (count > maximumElements) throw badShape(`a tensor of shape [${shape}] is too large`)
  let indices = new Int32Array([0])
  for (const axis of offsets) {
    const next = new Int32Array(indices.length * axis.length)
    let at = 0
    for (const outer of indices) for (const inner of axis) next[at++] = outer < 0 || inner < 0 ? -1 : outer + inner
    indices = next
  }
  return { shape, indices }
}

const offsetsOf = (positions: readonly number[], stride: number): Int32Array =>
  Int32Array.from(positions, (position) => (position < 0 ? -1 : position * stride))

const range = (length: number): number[] => Array.from({ length }, (_, index) => index)

/** The same elements in the same order; their number is not checked. */
export const reshaped = (shape: readonly number[]): Rearrangement => ({ shape })

/** Takes positions[axis] (−1: a zero) along each axis; null keeps the axis as it is. */
export function selected(shape: readonly number[], positions: readonly (readonly number[] | null)[]): Rearrangement {
  const strides = stridesOf(shape)
  return separable(shape.map((size, axis) => offsetsOf(positions[axis] ?? range(size), present(strides[axis]))))
}

/** `selected` along one axis only. */
export function selectedAlong(shape: readonly number[], axis: number, positions: readonly number[]): Rearrangement {
  return selected(
    shape,
    shape.map((_, other) => (other === axis ? positions : null)),
  )
}

/** Axis i of the result is axis permutation[i] of the original. @throws UserError bad-shape unless it is a permutation of all axes */
export function transposed(shape: readonly number[], permutation: readonly number[]): Rearrangement {
  const isPermutation = [...permutation].sort((a, b) => a - b).every((axis, index) => axis === index)
  if (permutation.length !== shape.length || !isPermutation) {
    throw badShape(`[${permutation}] is not a permutation of ${shape.length} axes`)
  }
  const strides = stridesOf(shape)
  return separable(permutation.map((axis) => offsetsOf(range(present(shape[axis])), present(strides[axis]))))
}

/** Repeats axes of size 1; `target` must be a broadcast of `shape`. */
export function broadcastTo(shape: readonly number[], target: readonly number[]): Rearrangement {
  if (countOf(target) !== countOf(shape)) checkEnlarged(target)
  const strides = stridesOf(shape)
  const offsets = target.map((size, axis) => {
    const own = axis - target.length + shape.length
    return own < 0 || shape[own] === 1 ? new Int32Array(size) : offsetsOf(range(size), present(strides[own]))
  })
  return separable(offsets)
}

/** Applies the rearrangement to values; keeps the very array where the order does not change. */
export function rearrange(data: Float64Array, { indices }: Rearrangement): Float64Array {
  if (!indices) return data
  const out = new Float64Array(indices.length)
  let at = 0
  for (const from of indices) out[at++] = from < 0 ? 0 : present(data[from])
  return out
}

/** The rearrangement `second` of what `first` gives, as indices into the original of `first`. */
export function composeIndices(first: Int32Array | undefined, second: Int32Array | undefined): Int32Array | undefined {
  if (!first) return second
  return second ? second.map((index) => (index < 0 ? -1 : present(first[index]))) : first
}

/** Whether the indices are 0, 1, 2, … over all of `count` elements. */
export function isIdentity(indices: Int32Array | undefined, count: number): boolean {
  return !indices || (indices.length === count && indices.every((index, position) => index === position))
}
