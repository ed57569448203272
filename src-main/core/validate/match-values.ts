import type { Values } from '../approximate/layer-values.ts'
import { eachCoefficientRun, rowsPerChannel, type PlaceAxis } from '../network/coefficient-rows.ts'
import type { Shape } from '../network/layer-model.ts'
import { present } from '../must.ts'

interface Layout {
  readonly shape: Shape
  /** Of polynomials by column or row. */
  readonly by?: PlaceAxis
}

/** A sample whose values are this many times as large as the median sample's says nothing of gains and offsets. */
const FAR = 10
/** Fewer samples say nothing of gains. */
const LEAST_FOR_GAINS = 8

/**
 * Values of a layer of the polynomial network as layers of the original behind it have to see them: with an offset of each element and a
 * gain of each row of coefficients, which fits and tuning move freely between a layer and the maps behind it. Both are least squares to
 * the original's values of the *other* samples, so that none is matched to its own original. Of a few samples only offsets are
 * found, and of one alone none. Values whose shape is not the original's are given back as they are.
 */
export function matchValues(values: Values, original: Values, layout: Layout): Values {
  const near = nearSamples(values)
  if (near.length < 2 || values[0]?.length !== original[0]?.length) return values
  const [from, to] = [meanOf(values, near), meanOf(original, near)]
  const rows = rowsOf(layout)
  const moments = values.map((sample, s) => momentsOf(sample, present(original[s]), from, to, rows))
  const all = { xx: new Float64Array(rows.count), xy: new Float64Array(rows.count) }
  for (const s of near) {
    const { xx, xy } = present(moments[s])
    xx.forEach((value, row) => (all.xx[row] = present(all.xx[row]) + value))
    xy.forEach((value, row) => (all.xy[row] = present(all.xy[row]) + value))
  }
  const isNear = new Set(near)
  return values.map((sample, s) => {
    const own = isNear.has(s) ? 1 : 0
    // Without this sample the means lie off by a share of how much it differs from them.
    const share = own / (near.length - 1)
    const { xx, xy } = present(moments[s])
    const gains = all.xx.map((value, row) => {
      const others = value - own * present(xx[row])
      return near.length >= LEAST_FOR_GAINS && others > 1e-9 * value
        ? (present(all.xy[row]) - own * present(xy[row])) / others
        : 1
    })
    const target = present(original[s])
    return sample.map((value, k) => {
      const middle = present(from[k]) - share * (value - present(from[k]))
      const aim = present(to[k]) - share * (present(target[k]) - present(to[k]))
      return aim + present(gains[present(rows.of[k])]) * (value - middle)
    })
  })
}

/** The row of coefficients that each element belongs to. */
function rowsOf(layout: Layout): { readonly of: Uint32Array; readonly count: number } {
  const [channels, height, width] = layout.shape
  const of = new Uint32Array(channels * height * width)
  eachCoefficientRun(layout, (row, from, to) => of.fill(row, from, to))
  return { of, count: channels * rowsPerChannel(layout) }
}

function nearSamples(values: Values): number[] {
  const sizes = values.map((sample) => Math.sqrt(sample.reduce((sum, value) => sum + value * value, 0)))
  const finite = sizes.filter(Number.isFinite).sort((a, b) => a - b)
  const most = FAR * (finite[finite.length >> 1] ?? 0)
  return [...sizes.keys()].filter((s) => present(sizes[s]) <= most)
}

function meanOf(values: Values, samples: readonly number[]): Float64Array {
  const mean = new Float64Array(present(values[0]).length)
  for (const s of samples) {
    present(values[s]).forEach((value, k) => (mean[k] = present(mean[k]) + value / samples.length))
  }
  return mean
}

/** By row: the sample's own share of variance, and of covariance with the original. */
function momentsOf(
  sample: Float64Array,
  original: Float64Array,
  from: Float64Array,
  to: Float64Array,
  rows: ReturnType<typeof rowsOf>,
): { readonly xx: Float64Array; readonly xy: Float64Array } {
  const [xx, xy] = [new Float64Array(rows.count), new Float64Array(rows.count)]
  for (let k = 0; k < sample.length; k++) {
    const x = present(sample[k]) - present(from[k])
    const row = present(rows.of[k])
    xx[row] = present(xx[row]) + x * x
    xy[row] = present(xy[row]) + x * (present(original[k]) - present(to[k]))
  }
  return { xx, xy }
}
