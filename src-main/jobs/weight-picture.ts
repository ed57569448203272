import { present } from '../core/must.ts'

/** Weights as a small grey picture: nought is middle grey, the largest magnitude black or white. */
export interface WeightPicture {
  readonly width: number
  readonly height: number
  readonly channels: 1
  /** 0 to 255, row by row. */
  readonly values: readonly number[]
}

const mostKernels = 64
const mostSide = 64
const largestKernel = 16
const gapValue = 128

/** The first kernels of a convolution side by side, or a matrix with rows and columns left out; of other shapes nothing. */
export function weightPicture(weights: Float64Array, dims: readonly number[]): WeightPicture | undefined {
  const [out, inputs, height = 1, width = 1] = dims
  if (out === undefined || inputs === undefined || dims.length > 4 || weights.length === 0) return undefined
  const isKernel = dims.length === 4 && height * width > 1 && Math.max(height, width) <= largestKernel
  return isKernel ? kernels(weights, out * inputs, height, width) : matrix(weights, out, weights.length / out)
}

function kernels(weights: Float64Array, count: number, height: number, width: number): WeightPicture {
  const shown = Math.min(count, mostKernels)
  const columns = Math.ceil(Math.sqrt(shown))
  const rows = Math.ceil(shown / columns)
  const [pictureWidth, pictureHeight] = [columns * (width + 1) - 1, rows * (height + 1) - 1]
  const values = new Array<number>(pictureWidth * pictureHeight).fill(gapValue)
  const grey = greyOf(weights.subarray(0, shown * height * width))
  for (const [at, weight] of weights.subarray(0, shown * height * width).entries()) {
    const [kernel, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width]
    const [top, left] = [Math.floor(kernel / columns) * (height + 1), (kernel % columns) * (width + 1)]
    values[(top + y) * pictureWidth + left + x] = grey(weight)
  }
  return { width: pictureWidth, height: pictureHeight, channels: 1, values }
}

function matrix(weights: Float64Array, rows: number, columns: number): WeightPicture {
  const [height, width] = [Math.min(rows, mostSide), Math.min(columns, mostSide)]
  const grey = greyOf(weights)
  const values = Array.from({ length: height * width }, (_, at) => {
    const row = Math.floor((Math.floor(at / width) * rows) / height)
    const column = Math.floor(((at % width) * columns) / width)
    return grey(present(weights[row * columns + column]))
  })
  return { width, height, channels: 1, values }
}

function greyOf(weights: Float64Array): (weight: number) => number {
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1
  return (weight) => Math.round(127.5 * (1 + weight / largest))
}
