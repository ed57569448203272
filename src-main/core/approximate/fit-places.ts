import type { Shape } from '../network/layer-model.ts'
import { evenly } from '../numeric/evenly.ts'
import { evaluatePolynomial, substitute } from '../numeric/monomials.ts'
import type { Coefficients } from '../numeric/monomials.ts'
import { splitRows } from '../numeric/split-rows.ts'
import type { Values } from './layer-values.ts'
import { spanOf } from './points.ts'
import { shrinkByPlace } from './shrink.ts'

/**
 * What is added to an activation's input and to its polynomial's output at each element: P(x + shift) + constant. Inputs are
 * not alike at every place, and a shift turns the curve of the channel to where the place's inputs are. Both move
 * into the biases of the linear maps around, so that places cost no weight and no level.
 */
export interface PlaceTerms {
  readonly shifts: Float64Array
  readonly constants: Float64Array
}

const ROUNDS = 3
/** Enough to tell a shift and a constant a place, and a curve a channel. */
const [SAMPLES, VALUES] = [300, 60_000]
/** Inputs that vary by less than this share of the channel's deviation tell no slope. */
const LEAST_VARIATION = 0.01

/**
 * Shifts from the quadratics whose slopes differ by place, shrunk by how much the samples say of each, and whose curvature is
 * the channel's; then rounds of `fit`, which gives the polynomial of a channel's [samples × plane] inputs and targets, and of
 * constants. Where the shifts do not lower the error, half of them or none are taken.
 */
export function fitPlaces(
  inputs: Values,
  targets: Values,
  shape: Shape,
  fit: (inputs: Float64Array, targets: Float64Array, channel: number) => Coefficients,
): PlaceTerms {
  const [channels, height, width] = shape
  const plane = height * width
  const shifts = new Float64Array(channels * plane)
  const constants = new Float64Array(channels * plane)
  const count = Math.max(SAMPLES, Math.ceil(VALUES / plane))
  const [someInputs, someTargets] = [evenly(inputs, count), evenly(targets, count)]
  for (let channel = 0; channel < channels; channel++) {
    const at = channel * plane
    const x = someInputs.map((values) => values.subarray(at, at + plane))
    const y = someTargets.map((values) => values.subarray(at, at + plane))
    const whole = slopeShifts(x, y, shape)
    const [all, target] = [flat(x), flat(y)]
    const tried = (share: number) => {
      const shift = whole ? whole.shifts.map((value) => share * value) : new Float64Array(plane)
      const shifted = addField(new Float64Array(all.length), all, shift, 1)
      const fitted = fitConstants(shifted, target, shape, whole?.start, (left, right) => fit(left, right, channel))
      return { ...fitted, shift }
    }
    const none = tried(0)
    let best = none
    for (const share of whole ? [1, 0.5] : []) {
      if (best === none) {
        const next = tried(share)
        if (next.error < none.error) best = next
      }
    }
    shifts.set(best.shift, at)
    constants.set(best.constants, at)
    centre(shifts.subarray(at, at + plane))
    centre(constants.subarray(at, at + plane))
  }
  return { shifts, constants }
}

/** A channel's values [samples × plane], one after the other. */
function flat(rows: Values): Float64Array {
  const values = new Float64Array(rows.length * rows[0].length)
  rows.forEach((row, s) => values.set(row, s * row.length))
  return values
}

/** into = values + factor · field, where the field holds a value for each place. */
function addField(into: Float64Array, values: Float64Array, field: Float64Array, factor: number): Float64Array {
  for (let from = 0; from < values.length; from += field.length) {
    for (let place = 0; place < field.length; place++) {
      into[from + place] = values[from + place] + factor * field[place]
    }
  }
  return into
}

function fitConstants(
  x: Float64Array,
  y: Float64Array,
  [, height, width]: Shape,
  start: Coefficients | undefined,
  fit: (x: Float64Array, y: Float64Array) => Coefficients,
) {
  const plane = height * width
  let constants: Float64Array = new Float64Array(plane)
  let error = Infinity
  const [outputs, left] = [new Float64Array(x.length), new Float64Array(x.length)]
  const [outputRows, targetRows] = [outputs, y].map((values) => splitRows(values, values.length / plane))
  for (let round = 0; round < ROUNDS; round++) {
    const polynomial = round === 0 && start ? start : fit(x, addField(left, y, constants, -1))
    for (let i = 0; i < x.length; i++) outputs[i] = evaluatePolynomial(polynomial, x[i])
    constants = missedByPlace(outputRows, targetRows, [1, height, width])
    addField(left, outputs, constants, 1)
    error = 0
    for (let i = 0; i < y.length; i++) error += (y[i] - left[i]) ** 2
  }
  return { constants, error }
}

/** Undefined where no place tells a curvature. */
function slopeShifts(x: Values, y: Values, shape: Shape): { shifts: Float64Array; start: Coefficients } | undefined {
  const plane = shape[1] * shape[2]
  const n = x.length
  const [variance, skew, slope, spread] = [0, 0, 0, 0].map(() => new Float64Array(plane))
  let [curved, curvedTargets] = [0, 0]
  const [low, high] = spanOf(x)
  const [middle, half] = [(low + high) / 2, (high - low) / 2]
  let total = 0
  const sums = Array.from({ length: plane }, (_, place) => {
    // Powers of z, the input over the channel's range, and products with the target.
    let [z1, z2, z3, z4, t, zt, zzt, tt] = [0, 0, 0, 0, 0, 0, 0, 0]
    for (let s = 0; s < n; s++) {
      const z = (x[s][place] - middle) / half
      const target = y[s][place]
      const square = z * z
      z1 += z
      z2 += square
      z3 += square * z
      z4 += square * square
      t += target
      zt += z * target
      zzt += square * target
      tt += target * target
    }
    total += z2 / n - (z1 / n) ** 2
    return [z1, z2, z3, z4, t, zt, zzt, tt].map((value) => value / n)
  })
  const typical = total / plane
  sums.forEach(([z1, z2, z3, z4, t, zt, zzt, tt], place) => {
    const own = z2 - z1 * z1
    if (!(own > LEAST_VARIATION ** 2 * typical)) return
    const [withSquare, withTarget] = [z3 - z1 * z2, zt - z1 * t]
    variance[place] = own
    skew[place] = withSquare
    slope[place] = withTarget
    spread[place] = tt - t * t
    curved += z4 - z2 * z2 - (withSquare * withSquare) / own
    curvedTargets += zzt - z2 * t - (withSquare * withTarget) / own
  })
  const free = curvedTargets / curved
  if (!Number.isFinite(free) || free === 0) return undefined
  const evidence = variance.map((value) => value * n)
  const whole = evidence.reduce((sum, value) => sum + value, 0)
  const own = slope.map((value, place) => n * (value - free * skew[place]))
  const mean = own.reduce((sum, value) => sum + value, 0) / whole
  const amount = own.map((value, place) => value - mean * evidence[place])
  const noise = spread.map((value, place) =>
    variance[place] > 0 ? Math.max(0, value - slope[place] ** 2 / variance[place]) : 0,
  )
  const slopes = shrinkByPlace({ amount, evidence, noise }, shape)
  // No shift beyond the channel's range: a little more curvature costs less than a vertex far off.
  const steepest = slopes.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const curvature = Math.sign(free) * Math.max(Math.abs(free), steepest / 16)
  const start = substitute(Float64Array.of(0, mean, curvature), 1 / half, -middle / half)
  return { shifts: slopes.map((value) => (half * value) / (2 * curvature)), start }
}

/** What all places have in common belongs into the polynomial. */
function centre(values: Float64Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  for (let i = 0; i < values.length; i++) values[i] -= mean
}

/** The mean difference of the targets from the outputs at each element, shrunk by how much the samples say of it. */
export function missedByPlace(outputs: Values, targets: Values, shape: Shape): Float64Array {
  const [channels, height, width] = shape
  const plane = height * width
  const missed = new Float64Array(channels * plane)
  const n = outputs.length
  for (let channel = 0; channel < channels; channel++) {
    const at = channel * plane
    const [amount, squares] = [new Float64Array(plane), new Float64Array(plane)]
    outputs.forEach((output, s) => {
      for (let place = 0; place < plane; place++) {
        const residual = targets[s][at + place] - output[at + place]
        amount[place] += residual
        squares[place] += residual * residual
      }
    })
    const noise = squares.map((square, place) => Math.max(0, square - amount[place] ** 2 / n) / n)
    missed.set(shrinkByPlace({ amount, evidence: new Float64Array(plane).fill(n), noise }, shape), at)
  }
  return missed
}
