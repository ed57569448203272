import { activationFunction, coefficientsOf, ownDegreeOf } from '../network/activations.ts'
import type { ActivationLayer, ConvMap, LinearLayer } from '../network/layer-model.ts'
import { pickRow, rowsPerChannel } from '../network/coefficient-rows.ts'
import type { PlaceAxis } from '../network/coefficient-rows.ts'
import { channelScale } from '../network/linear-maps.ts'
import { chebyshevInterpolant } from '../numeric/chebyshev.ts'
import { constantPolynomial, fitMoments, pointMoments, rangeOf, varies } from './fit-channel.ts'
import type { FitOptions } from './fit-channel.ts'
import type { Values } from './layer-values.ts'
import { legendre, legendreCoefficients } from '../numeric/legendre.ts'
import { addMoments, meanSquareError, momentsOfTerm, noMoments, observe, pooledMoments } from './moments.ts'
import type { Pool } from './moments.ts'
import { evaluatePolynomial } from '../numeric/monomials.ts'
import type { Coefficients } from '../numeric/monomials.ts'
import type { Points } from './points.ts'
import { condense, extremes, isSpread, largestOf } from './points.ts'
import { hasSquareForm } from './square-form.ts'
import type { Degree, FitReport, PolynomialLayer } from '../network/polynomial-model.ts'
import type { ContrastLayer } from '../network/contrasts.ts'
import { present } from '../must.ts'

/** Weight of the unpooled values in a fit behind a pooling. */
export const POINT_SHARE = 0.02

/** The polynomial of one channel's inputs and targets (flattened, `channel` of each), as places are told by it. */
export function fitPlain(
  layer: ActivationLayer,
  channel: number,
  points: Points,
  largest: number,
  options: FitOptions,
): Coefficients {
  if (!varies(points, largest)) return constantPolynomial(points, options.degree)
  const { middle, half } = rangeOf(points)
  return fitMoments(pointMoments(points, activationFunction(layer.activation, channel), options), middle, half, options)
}

/** What polynomials are fitted to: a channel's, or those of its columns or rows. */
export interface FittedPlaces {
  /** The only reader, where it is an average pooling: fits of channels are to what it gives. */
  readonly pool?: Pool
  readonly by?: PlaceAxis
}

/**
 * Fits every channel of an activation, or every column or row of a channel; channels behind a pooling to the pooled outputs. What is a
 * polynomial already keeps its degree, and stays as it is where squarings compute it (a cubic is fitted by a quartic).
 */
export function fitActivation(
  layer: ActivationLayer,
  inputs: Values,
  targets: Values,
  { pool, by: wanted }: FittedPlaces,
  options: FitOptions,
): PolynomialLayer {
  const { id, sources, shape, input, activation } = layer
  const [channels, height, width] = shape
  const largest = largestOf(targets)
  const report = new FitSummary()
  const ownDegree = ownDegreeOf(activation)
  const degree = ownDegree ?? options.degree
  const own = ownDegree && ownCoefficients(layer, ownDegree)
  const by = own || rowsPerChannel({ shape, by: wanted }) === 1 ? undefined : wanted
  const each = rowsPerChannel({ shape, by })
  const coefficients = Array.from({ length: channels * each }, (_, row) => {
    const channel = Math.floor(row / each)
    const points = by
      ? condense(pickRow(inputs, { shape, by }, row), pickRow(targets, { shape, by }, row), 0, (height * width) / each)
      : condense(inputs, targets, channel, height * width)
    const range = rangeOf(points)
    const exact = activationFunction(activation, channel)
    let fitted = constantPolynomial(points, degree)
    let chebyshev = fitted
    if (own) {
      fitted = own[channel]
      chebyshev = fitted
    } else if (varies(points, largest)) {
      chebyshev = chebyshevInterpolant(exact, range.middle, range.half, degree)
      const moments = pointMoments(points, exact, { ...options, degree })
      const seen = { inputs, targets, shape, channel }
      const goal = pool && !by ? pooledMoments(seen, pool, range, degree + 1) : moments
      if (goal !== moments) addMoments(goal, moments, POINT_SHARE)
      fitted = fitMoments(goal, range.middle, range.half, { ...options, degree })
    }
    report.see(channel, points.low, points.high)
    points.x.forEach((x, i) => {
      const share = points.weight[i] / channels / each
      report.miss(evaluatePolynomial(fitted, x) - points.y[i], share)
      report.missByChebyshev(evaluatePolynomial(chebyshev, x) - points.y[i], share)
    })
    return fitted
  })
  const fit = report.report(activation.operator, { ...options, degree })
  return { kind: 'polynomial', id, sources, shape, input, coefficients, ...(by && { by }), fit }
}

/** The rows of a polynomial as it is, filled up to the degree; undefined where squarings cannot compute some of them. */
function ownCoefficients({ activation, shape }: ActivationLayer, degree: Degree): readonly Float64Array[] | undefined {
  const rows = Array.from({ length: shape[0] }, (_, channel) => {
    const row = new Float64Array(degree + 1)
    row.set(present(coefficientsOf(activation, channel)))
    return row
  })
  return rows.every(hasSquareForm) ? rows : undefined
}

/** Rounds of fitting one contrast to what the others leave. */
const ROUNDS = 8

/**
 * Fits activation(max of a window) by one polynomial per contrast and their sum: one squaring deep at degree 2. The
 * polynomials of a channel's contrasts are fitted in turn, each to what the others leave, until they agree.
 */
export function fitContrasts(
  layer: ContrastLayer,
  inputs: Values,
  targets: Values,
  options: FitOptions,
): { readonly terms: PolynomialLayer; readonly sum: LinearLayer } {
  const { taps, shape } = layer
  const plane = shape[1] * shape[2]
  const count = options.degree + 1
  const largest = largestOf(targets)
  const coefficients: Float64Array[] = []
  const report = new FitSummary()
  for (let channel = 0; channel < shape[0]; channel++) {
    const maximum = extremes(targets, channel, plane)
    const isConstant = !isSpread(maximum.low, maximum.high, largest)
    const ranges = Array.from({ length: taps }, (_, k) => {
      const { low, high } = extremes(inputs, channel * taps + k, plane)
      report.see(channel * taps + k, low, high)
      return { middle: (low + high) / 2, half: isConstant || !isSpread(low, high, largest) ? 0 : (high - low) / 2 }
    })
    const all = noMoments(taps * count)
    const basis = new Float64Array(taps * count)
    inputs.forEach((input, sample) => {
      for (let i = 0; i < plane; i++) {
        ranges.forEach(({ middle, half }, k) => {
          const z = half > 0 ? (input[(channel * taps + k) * plane + i] - middle) / half : 0
          legendre(z, count, basis, k * count)
        })
        observe(all, basis, targets[sample][channel * plane + i], 1 / (inputs.length * plane))
      }
    })
    const thetas = ranges.map(() => new Float64Array(count))
    let rows: Float64Array[] = []
    for (let round = 0; round < ROUNDS; round++) {
      rows = ranges.map(({ middle, half }, k) => {
        const rest = momentsOfTerm(all, thetas, k)
        const row = half > 0 ? fitMoments(rest, middle, half, options) : constantRow(rest.right[0], count)
        thetas[k].set(half > 0 ? legendreCoefficients(row, middle, half) : row)
        return row
      })
    }
    const together = new Float64Array(taps * count)
    thetas.forEach((theta, k) => together.set(theta, k * count))
    report.miss(Math.sqrt(meanSquareError(all, together)), 1 / shape[0])
    coefficients.push(...rows)
  }
  const operator = layer.activation ? `MaxPool + ${layer.activation.operator}` : 'MaxPool'
  const polynomial: PolynomialLayer = {
    kind: 'polynomial',
    id: `${layer.id}.terms`,
    sources: layer.sources,
    shape: [shape[0] * taps, shape[1], shape[2]],
    input: layer.input,
    coefficients,
    fit: report.report(operator, options),
  }
  return { terms: polynomial, sum: sumOfContrasts(layer, polynomial.id) }
}

const constantRow = (value: number, count: number): Float64Array => {
  const row = new Float64Array(count)
  row[0] = value
  return row
}

const sumOfContrasts = ({ id, sources, shape, taps }: ContrastLayer, input: string): LinearLayer => {
  const weight = new Float64Array(shape[0] * taps).fill(1)
  const map: ConvMap = { ...channelScale(weight), groups: shape[0] }
  return { kind: 'linear', id, sources, shape, terms: [{ input, map }], bias: new Float64Array(shape[0]) }
}

/** Gathers the figures of a FitReport over channels. */
class FitSummary {
  #squared = 0
  #squaredByChebyshev = 0
  readonly #ranges: [number, number][] = []

  see(channel: number, low: number, high: number): void {
    const [least, most] = this.#ranges[channel] ?? [Infinity, -Infinity]
    this.#ranges[channel] = [Math.min(least, low), Math.max(most, high)]
  }

  miss(error: number, weight: number): void {
    this.#squared += weight * error * error
  }

  missByChebyshev(error: number, weight: number): void {
    this.#squaredByChebyshev += weight * error * error
  }

  report(original: string, { degree, margin }: FitOptions): FitReport {
    const [low, high] = this.#ranges.reduce((all, one) => [Math.min(all[0], one[0]), Math.max(all[1], one[1])])
    return {
      original,
      degree,
      rootMeanSquareError: Math.sqrt(this.#squared),
      ...(this.#squaredByChebyshev > 0 && { chebyshevError: Math.sqrt(this.#squaredByChebyshev) }),
      range: [low, high],
      channelRanges: this.#ranges,
      rangeMargin: 1 + 2 * margin,
    }
  }
}
