import { INPUT } from '../network/layer-model.ts'
import type { LayerId } from '../network/layer-model.ts'
import { eachCoefficientRun, rowsPerChannel } from '../network/coefficient-rows.ts'
import { runLayerBatch, soleReader } from '../network/run-layers.ts'
import type { PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import { must } from '../must.ts'
import { squareForm } from './square-form.ts'
import type { SquareForm } from './square-form.ts'

/** The forms of one polynomial layer, one per row of coefficients, and the scale t of each channel. */
export interface Scales {
  readonly forms: readonly SquareForm[]
  readonly scale: Float64Array
  /** Whose rows the forms are. */
  readonly layer: PolynomialLayer
}

export interface ScalePlan {
  /** By polynomial layer. */
  readonly scales: ReadonlyMap<LayerId, Scales>
  /** By linear layer: the scales it applies to its own output. */
  readonly claims: ReadonlyMap<LayerId, Scales>
}

/**
 * The scales with which squares reach about 1 on the samples. A linear layer applies those of the first polynomial that
 * reads it; other polynomials bring a layer of their own. A channel that its polynomials ignore and nothing else reads has t = 0.
 */
export function planScales(model: PolynomialModel, samples: readonly Float64Array[]): ScalePlan {
  const kinds = new Map(model.layers.map((layer) => [layer.id, layer.kind]))
  const ranges = inputRanges(model, samples)
  const scales = new Map<LayerId, Scales>()
  const claims = new Map<LayerId, Scales>()
  for (const layer of model.layers) {
    if (layer.kind !== 'polynomial') continue
    const claimable = kinds.get(layer.input) === 'linear' && !claims.has(layer.input)
    const onlyReader = !claimable || soleReader(model, layer.input) !== undefined
    const forms = layer.coefficients.map((coefficients) => squareForm(coefficients, layer.id))
    const each = rowsPerChannel(layer)
    const rows = must(ranges, layer.id)
    const scale = Float64Array.from({ length: layer.shape[0] }, (_, channel) => {
      const own = forms.slice(channel * each, (channel + 1) * each)
      if (onlyReader && own.every(isIgnored)) return 0
      return Math.min(...own.map((form, i) => scaleOf(form, rows[channel * each + i])))
    })
    scales.set(layer.id, { forms, scale, layer })
    if (claimable) claims.set(layer.input, must(scales, layer.id))
  }
  return { scales, claims }
}

type Range = [low: number, high: number]

function inputRanges(model: PolynomialModel, samples: readonly Float64Array[]): Map<LayerId, Range[]> {
  const readers = Map.groupBy(
    model.layers.filter((layer) => layer.kind === 'polynomial'),
    (layer) => layer.input,
  )
  const ranges = new Map<LayerId, Range[]>()
  const widen = (reader: PolynomialLayer, input: Float64Array) => {
    const rows = must(ranges, reader.id)
    eachCoefficientRun(reader, (row, from, to) => {
      const range = rows[row]
      for (let i = from; i < to; i++) {
        if (input[i] < range[0]) range[0] = input[i]
        if (input[i] > range[1]) range[1] = input[i]
      }
    })
  }
  for (const layer of [...readers.values()].flat()) {
    ranges.set(
      layer.id,
      layer.coefficients.map(() => [Infinity, -Infinity]),
    )
  }
  for (const reader of readers.get(INPUT) ?? []) samples.forEach((sample) => widen(reader, sample))
  runLayerBatch(model, samples, (layer, outputs) => {
    for (const reader of readers.get(layer.id) ?? []) outputs.forEach((output) => widen(reader, output))
  })
  return ranges
}

const isIgnored = ({ eighth, fourth, second, first }: SquareForm): boolean =>
  eighth === 0 && fourth === 0 && second === 0 && first === 0

/** t with t·|y|, t²·|y² + inner| and t⁴·|(y² + inner)² + outer| at most 1 over the range. */
function scaleOf(form: SquareForm, [low, high]: Range): number {
  const ends = [low + form.shift, high + form.shift]
  const middle = ends[0] * ends[1] < 0 ? 0 : Math.min(ends[0] ** 2, ends[1] ** 2)
  const squares = [...ends.map((y) => y * y), middle]
  const inner = form.fourth === 0 && form.eighth === 0 ? [] : squares.map((square) => Math.abs(square + form.inner))
  const least = inner.length > 0 && straddles(squares, -form.inner) ? 0 : Math.min(...inner)
  const outer = form.eighth === 0 ? [] : [...inner, least].map((u) => Math.sqrt(Math.abs(u * u + form.outer)))
  const largest = Math.max(...squares, ...inner, ...outer)
  return largest > 0 && Number.isFinite(largest) ? 1 / Math.sqrt(largest) : 1
}

const straddles = (values: readonly number[], at: number): boolean =>
  Math.min(...values) < at && at < Math.max(...values)
