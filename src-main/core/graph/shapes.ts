import { UserError } from '../errors.ts'

/** The element counts and orders below are row-major, as in ONNX. */
export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** How many elements lie between neighbours along each axis, the last axis running fastest. */
export function stridesOf(shape: readonly number[]): number[] {
  let stride = 1
  return shape
    .toReversed()
    .map((size) => {
      const own = stride
      stride *= size
      return own
    })
    .reverse()
}

export const sameShape = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((size, axis) => size === right[axis])

/** numpy's rule, which ONNX uses from operator set 7 on; throws 'bad-shape'. */
export function broadcastShapes(left: readonly number[], right: readonly number[]): number[] {
  const rank = Math.max(left.length, right.length)
  return Array.from({ length: rank }, (_, axis) => {
    const a = left[axis - rank + left.length] ?? 1
    const b = right[axis - rank + right.length] ?? 1
    if (a !== b && a !== 1 && b !== 1) throw badShape(`[${left}] and [${right}] cannot be broadcast together`)
    return a === 1 ? b : a
  })
}

/** −1 is the last axis. Throws 'bad-shape' outside the rank. */
export function normaliseAxis(axis: number, rank: number): number {
  const result = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(result) || result < 0 || result >= rank) {
    throw badShape(`axis ${axis} does not exist in a tensor of rank ${rank}`)
  }
  return result
}

/** The error of a shape that cannot be; `message` without a full stop. */
export const badShape = (message: string): UserError => new UserError('bad-shape', `${message}.`)
