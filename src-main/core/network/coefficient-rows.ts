import type { Shape } from './layer-model.ts'

/** Places of a channel that share a polynomial where a channel has more than one: those of one column, or of one row. */
export type PlaceAxis = 'column' | 'row'

/** Of a polynomial layer. */
interface Layout {
  readonly shape: Shape
  readonly by?: PlaceAxis
}

/** Rows of coefficients for each channel. */
export const rowsPerChannel = ({ shape, by }: Layout): number =>
  by === undefined ? 1 : by === 'column' ? shape[2] : shape[1]

/** Calls back for each run of elements with one polynomial: its row of coefficients, the first element and the end. */
export function eachCoefficientRun(layer: Layout, visit: (row: number, from: number, to: number) => void): void {
  const [channels, height, width] = layer.shape
  const each = rowsPerChannel(layer)
  const runsPerChannel = layer.by === 'column' ? height * width : each
  const length = (height * width) / runsPerChannel
  for (let run = 0; run < channels * runsPerChannel; run++) {
    const row = Math.floor(run / runsPerChannel) * each + (run % each)
    visit(row, run * length, (run + 1) * length)
  }
}

/** Values for each row of coefficients: one per channel as they are, others written out for each element. */
export function spreadRows(values: Float64Array, layer: Layout): Float64Array {
  if (layer.by === undefined) return values
  const [channels, height, width] = layer.shape
  const spread = new Float64Array(channels * height * width)
  eachCoefficientRun(layer, (row, from, to) => spread.fill(values[row], from, to))
  return spread
}

/** By sample, the values of the elements that one row of coefficients serves. */
export function pickRow(values: readonly Float64Array[], layer: Layout, row: number): Float64Array[] {
  const elements: number[] = []
  eachCoefficientRun(layer, (at, from, to) => {
    if (at === row) for (let element = from; element < to; element++) elements.push(element)
  })
  // Not Float64Array.from: it is many times slower, and fits by column or row spend most of their time here.
  return values.map((sample) => {
    const picked = new Float64Array(elements.length)
    for (let i = 0; i < picked.length; i++) picked[i] = sample[elements[i]]
    return picked
  })
}
