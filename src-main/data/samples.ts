import type { Framing, Layout } from '../core/bundle/preprocessing.ts'
import { UserError } from '../core/errors.ts'
import type { Shape } from '../core/network/layer-model.ts'
import type { WorkContext } from '../core/progress.ts'
import type { ClassLabels } from './class-labels.ts'
import type { Purpose } from './npz.ts'

export interface Samples {
  readonly count: number
  readonly shape: Shape
  /** Axis order found in an array; image files count as channels first. */
  readonly layout: Layout
  /** Classes, where the data says them: folders of classes, tables with a column of labels, CIFAR, Parquet, pairs of arrays. */
  readonly labels?: ClassLabels
  /** What was left out, for people. */
  readonly warnings: readonly string[]
  /** Of pictures: the file that a sample is, without its folders. */
  readonly fileName?: (index: number) => string
  /** Where a sample came from: its file, or the file and its row. */
  readonly name: (index: number) => string
  /**
   * Raw values of one sample, flattened [channel, row, column]. They are read and decoded when they are asked for.
   * @throws UserError index-out-of-range, non-finite-pixels, input-out-of-range
   */
  readonly sample: (index: number) => Float64Array
}

export interface ReadSamplesOptions extends Framing {
  /** What the network takes. Arrays must fit it; pictures are converted to its channels. */
  readonly shape?: Shape
  /** Insist on this axis order in arrays. */
  readonly layout?: Layout
  /** Read one sample only; `count` is then 1 and `sample(0)` is that sample. */
  readonly index?: number
  /** Which half of an archive that has both; those to test with unless told. */
  readonly purpose?: Purpose
  /** Of the network: tells labels from values in a table without a heading. */
  readonly classes?: number
  readonly work?: WorkContext
}

/** Far beyond what any sensor says; squared a few times, more would leave the finite numbers. */
const LARGEST = 1e9

/** Throws UserError non-finite-pixels or input-out-of-range where a value cannot be computed with. */
export function measured(values: Float64Array, [, height, width]: Shape, name: string, file: string): Float64Array {
  const bad = values.findIndex((value) => !(Math.abs(value) <= LARGEST))
  if (bad < 0) return values
  const [channel, row, column] = [Math.floor(bad / (height * width)), Math.floor(bad / width) % height, bad % width]
  const isFinite = Number.isFinite(values[bad])
  throw new UserError(
    isFinite ? 'input-out-of-range' : 'non-finite-pixels',
    `${name} holds ${values[bad]} at channel ${channel}, row ${row}, column ${column}.`,
    { where: { file }, hint: `Every value must be a ${isFinite ? 'number from −10⁹ to 10⁹' : 'finite number'}.` },
  )
}

export function wrongShape(
  file: string,
  found: string,
  shape: Shape | undefined,
  layout: Layout | undefined = 'nchw',
  hint?: string,
): UserError {
  const ordered = shape && (layout === 'nchw' ? shape : [shape[1], shape[2], shape[0]])
  const wanted = ordered
    ? `the network takes samples of shape ${brackets(ordered)} (${layout})`
    : 'pictures are expected'
  return new UserError('wrong-shape', `${file} holds ${found}; ${wanted}.`, { where: { file }, hint })
}

export const brackets = (dims: readonly number[]): string => `[${dims.join(', ')}]`
