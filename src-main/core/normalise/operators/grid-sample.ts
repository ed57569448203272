import { intAttribute, wordAttribute } from '../../graph/attributes.ts'
import { countOf } from '../../graph/shapes.ts'
import type { FoldOperation } from '../operation.ts'
import { weighted } from './weighted.ts'

const { fround } = Math

type Add = (position: number, weight: number) => void

/** Where the positions of a picture's rows or columns end, and what stands for those beyond. */
type Inside = (position: number, size: number) => number | undefined

/**
 * GridSample(X, grid) with a constant grid, of pictures: https://onnx.ai/onnx/operators/onnx__GridSample.html. Places are
 * computed in single precision, as ONNX Runtime computes them: which pixel is the nearest depends on its rounding errors.
 */
export const gridSample = weighted((operation, shape) => {
  const { node } = operation
  const grid = operation.constant(1)
  const [samples, channels, height, width] = shape
  const [, rows, columns, pair] = grid.shape
  if (shape.length !== 4) throw operation.refuse('it samples something else than pictures')
  if (grid.shape.length !== 4 || grid.shape[0] !== samples || pair !== 2 || !grid.data.every(Number.isFinite)) {
    throw operation.malformed(`a grid of [${grid.shape}] does not fit [${shape}]`)
  }
  const mode = wordAttribute(node, 'mode', ['bilinear', 'linear', 'nearest', 'bicubic', 'cubic'], 'linear')
  const isAligned = intAttribute(node, 'align_corners', 0) !== 0
  const inside = insideOf(operation, isAligned)
  const add: (at: number, add: Add) => void =
    mode === 'nearest' ? nearest : mode === 'linear' || mode === 'bilinear' ? linear : cubic
  const place = (given: number, size: number): number =>
    isAligned
      ? fround(fround(fround(given + 1) / 2) * (size - 1))
      : fround(fround(fround(fround(given + 1) * size) - 1) / 2)
  const plane = rows * columns
  return {
    shape: [samples, channels, rows, columns],
    most: 16,
    taps(row, take) {
      const image = Math.floor(row / plane)
      const at = 2 * (Math.floor(image / channels) * plane + (row % plane))
      const start = image * countOf([height, width])
      add(place(grid.data[at + 1], height), (y, ofRow) => {
        const line = inside(y, height)
        if (line === undefined) return
        add(place(grid.data[at], width), (x, ofColumn) => {
          const column = inside(x, width)
          if (column !== undefined) take(start + line * width + column, ofRow * ofColumn)
        })
      })
    },
  }
})

function insideOf({ node }: FoldOperation, isAligned: boolean): Inside {
  const padding = wordAttribute(node, 'padding_mode', ['zeros', 'border', 'reflection'], 'zeros')
  if (padding === 'zeros') return (position, size) => (position >= 0 && position < size ? position : undefined)
  const clamped = (position: number, size: number): number => Math.min(size - 1, Math.max(0, position))
  if (padding === 'border') return clamped
  return (position, size) => clamped(isAligned ? aboutPixels(position, size) : aboutEdges(position, size), size)
}

/** Mirrored at the middle of the outer pixels: 2 1 0 1 2. */
function aboutPixels(position: number, size: number): number {
  const period = Math.max(1, 2 * (size - 1))
  const at = ((position % period) + period) % period
  return Math.min(at, period - at)
}

/** Mirrored at the outer edges: 1 0 0 1 2. */
function aboutEdges(position: number, size: number): number {
  const period = 2 * size
  const at = ((position % period) + period) % period
  return Math.min(at, period - 1 - at)
}

/** Halves to even. */
function nearest(at: number, add: Add): void {
  const below = Math.floor(at)
  const rest = at - below
  add(rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below, 1)
}

function linear(at: number, add: Add): void {
  const below = Math.floor(at)
  add(below, 1 - (at - below))
  add(below + 1, at - below)
}

/** Keys's kernel with −0.75. */
function cubic(at: number, add: Add): void {
  const below = Math.floor(at)
  const rest = at - below
  const a = -0.75
  const near = (x: number): number => ((a + 2) * x - (a + 3)) * x * x + 1
  const far = (x: number): number => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  add(below - 1, far(rest + 1))
  add(below, near(rest))
  add(below + 1, near(1 - rest))
  add(below + 2, far(2 - rest))
}
