import type { Operation } from './builder.ts'
import { elementAt } from './flat-table.ts'
import { unsupported } from './unsupported.ts'

/*
 * TensorFlow writes a dilated convolution as three operators: SPACE_TO_BATCH_ND makes a sample of every b-th row and column,
 * a convolution without gaps and padding runs on each, and BATCH_TO_SPACE_ND puts the results together again
 * (https://www.tensorflow.org/api_docs/python/tf/space_to_batch). Here the samples are never taken apart: values between
 * these two operators stay one image, `builder.blocks` holds by which b each axis of theirs is thinned out, and the
 * convolution has that b as its dilation.
 */

/** Operators that may stand between the two. */
export const readsBlocks = new Set([
  'CONV_2D',
  'DEPTHWISE_CONV_2D',
  'EXPAND_DIMS',
  'RESHAPE',
  'SQUEEZE',
  'BATCH_TO_SPACE_ND',
])

/** The block of each axis, batch and channels included, where the first input is thinned out. */
export const blocksOf = (operation: Operation): readonly number[] | undefined =>
  operation.has(0) ? operation.builder.blocks.get(operation.input(0)) : undefined

/** Pads the value and records the block by which it is thinned out from here on. */
export function spaceToBatch(operation: Operation): void {
  const { builder } = operation
  const [block, paddings] = [operation.integers(1), operation.integers(2)]
  const { shape } = builder.tensor(operation.input(0))
  const rest = new Array<number>(Math.max(0, shape.length - 1 - block.length))
  const before = [0, ...block.map((_, axis) => elementAt(paddings, 2 * axis)), ...rest.fill(0)]
  const after = [0, ...block.map((_, axis) => elementAt(paddings, 2 * axis + 1)), ...rest]
  builder.blocks.set(operation.output, [1, ...block, ...rest.map(() => 1)])
  operation.finishMoved(builder.add('Pad', [operation.real(), builder.list([...before, ...after])]))
}

/** Ends what `spaceToBatch` began, and crops; blocks of other sizes are refused as unsupported. */
export function batchToSpace(operation: Operation): void {
  const { builder } = operation
  const [block, crops] = [operation.integers(1), operation.integers(2)]
  const blocks = blocksOf(operation)
  if (!blocks || block.some((size, axis) => blocks[axis + 1] !== size)) {
    unsupported(operation)
    return
  }
  const starts = block.map((_, axis) => elementAt(crops, 2 * axis))
  const ends = block.map((_, axis) => -elementAt(crops, 2 * axis + 1) || 2 ** 31 - 1)
  const bounds = [starts, ends, block.map((_, axis) => axis + 1)].map(builder.list)
  operation.finishMoved(builder.add('Slice', [operation.real(), ...bounds]))
}

/** EXPAND_DIMS, SQUEEZE, or a RESHAPE that is one of them; false for any other. */
export function moveBlocks(operation: Operation, blocks: readonly number[]): boolean {
  const { builder } = operation
  const [from, to] = [builder.tensor(operation.input(0)).shape, builder.tensor(operation.output).shape]
  const [short, long] = from.length < to.length ? [from, to] : [to, from]
  const place = long.findIndex(
    (size, axis) => size === 1 && short.join() === long.toSpliced(axis, 1).join() && axis > 0,
  )
  if (place < 0 || long.length !== short.length + 1 || (to === short && blocks[place] !== 1)) return false
  builder.blocks.set(operation.output, to === long ? blocks.toSpliced(place, 0, 1) : blocks.toSpliced(place, 1))
  const axes = builder.list([place])
  operation.finishMoved(builder.add(to === long ? 'Unsqueeze' : 'Squeeze', [operation.real(), axes]))
  return true
}
