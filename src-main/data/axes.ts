import type { Layout } from '../core/bundle/preprocessing.ts'
import type { Shape } from '../core/network/layer-model.ts'
import { lastOf, present } from '../core/must.ts'

/** How an array's axes hold samples of one shape. */
export interface Axes {
  readonly count: number
  readonly layout: Layout
  /** Axes of length 1 that only the network counts may be left out, as in [N, 28, 28]. */
  readonly shape: Shape
}

/**
 * Reads an array's dimensions as one sample or a batch of samples of `expected` shape; undefined where
 * they do not fit. Without a stated layout, channels first is tried before channels last.
 */
export function axesFor(dims: readonly number[], expected: Shape, layout?: Layout): Axes | undefined {
  for (const candidate of layout ? [layout] : (['nchw', 'nhwc'] as const)) {
    for (const sample of spellings(expected, candidate)) {
      if (same(dims, sample)) return { count: 1, layout: candidate, shape: expected }
      if (same(dims.slice(1), sample)) return { count: dims[0], layout: candidate, shape: expected }
    }
  }
  return grayImagesFor(dims, expected, layout)
}

/** Images of one channel for a network that takes them as one row of numbers: [N, 28, 28], with a 1 anywhere, for 784. */
function grayImagesFor(
  [count, ...sample]: readonly number[],
  expected: Shape,
  layout: Layout = 'nchw',
): Axes | undefined {
  const plane = sample.filter((dim) => dim !== 1)
  if (sample.length < 2 || plane.length !== 2 || !takesFlat(expected, plane[0] * plane[1])) return undefined
  return { count, layout, shape: expected }
}

/** Whether a network takes an image of so many pixels as one row of numbers. */
export const takesFlat = ([channels, height, width]: Shape, pixels: number): boolean =>
  channels === pixels && height === 1 && width === 1

/** The shape that an array's dimensions suggest when no network says what it wants. */
export function guessAxes(dims: readonly number[], layout: Layout = 'nchw'): Axes | undefined {
  if (dims.length < 2 || dims.length > 4) return undefined
  const count = dims.length > 2 ? dims[0] : 1
  const [first, second, third] = dims.length === 4 ? dims.slice(1) : [1, present(dims.at(-2)), lastOf(dims)]
  if (dims.length < 4 || layout === 'nchw') return { count, layout: 'nchw', shape: [first, second, third] }
  return { count, layout, shape: [third, first, second] }
}

function spellings([channels, height, width]: Shape, layout: Layout): number[][] {
  const full = layout === 'nchw' ? [channels, height, width] : [height, width, channels]
  const squeezed = full.filter((dim) => dim !== 1)
  const signal = layout === 'nchw' ? [channels, width] : [width, channels]
  return [
    full,
    ...(height === 1 ? [signal] : []),
    ...(squeezed.length > 0 ? [squeezed] : [[1]]),
    ...(layout === 'nchw' || channels === 1 ? [[channels * height * width]] : []),
  ]
}

const same = (left: readonly number[], right: readonly number[]): boolean =>
  left.length === right.length && left.every((dim, axis) => dim === right[axis])

/** Element (channel, row, column) of a sample stored in `layout`, as an offset into the sample. */
export function offsetOf([channels, height, width]: Shape, layout: Layout, element: number): number {
  if (layout === 'nchw') return element
  const pixels = height * width
  return (element % pixels) * channels + Math.floor(element / pixels)
}
