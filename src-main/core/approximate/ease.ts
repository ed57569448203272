import type { LinearLayer, Shape } from '../normalise/layer-model.ts'
import { rowGroups } from './features.ts'
import { fitMoments } from './fit-channel.ts'
import type { FitOptions } from './fit-channel.ts'
import type { Values } from './layer-values.ts'
import { legendre } from './legendre.ts'
import { noMoments, observe } from './moments.ts'
import { evaluatePolynomial } from './monomials.ts'
import type { Coefficients } from './monomials.ts'
import { descent } from './descent.ts'
import type { Descent } from './descent.ts'
import { matrix } from './matrix.ts'
import { changedLayer, isHeldOut, sampleGroup } from './refit.ts'
import type { RowChange } from './refit.ts'

const ROUNDS = 8
/** Tried in turn, in units of the quasi-Newton step. */
const STEPS = [1.5, 0.7, 0.3, 0.1]
/** Places per channel: 20,000 tell a few hundred weights well enough. */
const PLACES = 20_000
/** A change must take this share off the held-out error, or it may be chance. */
const LEAST_GAIN = 0.02

/**
 * Moves the weights before an activation to where a polynomial of their output comes closer to the original's
 * activation output (`targets`): where the activation is flat its input need not follow the original's, and a shorter
 * tail is easier to fit. Every output channel by itself: rounds of a polynomial fit and a step down the fit's error in
 * the metric of the features. A channel keeps its weights unless the error on held-out samples falls.
 * `outputs` is what the layer gives on the inputs (one per term) now.
 */
export function ease(
  layer: LinearLayer,
  inShapes: readonly Shape[],
  inputs: readonly Values[],
  outputs: Values,
  targets: Values,
  options: FitOptions,
): LinearLayer {
  const found = rowGroups(layer, inShapes)
  if (!found) return layer
  const changes = found.groups.flatMap((group): RowChange[] => {
    const { features, perSample, read } = sampleGroup(group, found.positions, inputs, PLACES)
    const held = (row: number) => isHeldOut(Math.floor(row / perSample))
    const steps = descent(features, held)
    if (!steps) return []
    const [x, y] = [read(outputs), read(targets)]
    const fits = group.rows.map((_, t) => easeRow(steps, column(x, t), column(y, t), held, options))
    const weights = matrix(features.columns, group.rows.length)
    fits.forEach((fit, t) => fit?.weights.forEach((value, f) => (weights.data[f * fits.length + t] = value)))
    return [{ group, weights, bias: Float64Array.from(fits, (fit) => fit?.bias ?? 0) }]
  })
  return changedLayer(layer, changes)
}

const column = ({ rows, columns, data }: { rows: number; columns: number; data: Float64Array }, t: number) =>
  Float64Array.from({ length: rows }, (_, r) => data[r * columns + t])

/** The best polynomial of given inputs, and what it misses. */
interface Fit {
  readonly x: Float64Array
  readonly polynomial: Coefficients
  readonly residuals: Float64Array
  readonly keptError: number
  readonly heldError: number
}

function easeRow(
  steps: Descent,
  x: Float64Array,
  y: Float64Array,
  held: (row: number) => boolean,
  options: FitOptions,
): { weights: Float64Array; bias: number } | undefined {
  const start = fitRow(x, y, held, options)
  if (!start) return undefined
  let now = start
  let best = start
  const taken = steps.begin()
  let bestTaken: typeof taken | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const slope = now.polynomial.map((c, k) => c * k).subarray(1)
    const slopes = now.x.map((value) => evaluatePolynomial(slope, value))
    const direction = steps.direction(now.residuals, slopes)
    if (!direction) break
    let next: Fit | undefined
    for (const step of STEPS) {
      const tried = fitRow(
        now.x.map((value, r) => value + step * direction.change[r]),
        y,
        held,
        options,
      )
      if (!tried || !(tried.keptError < 0.9999 * now.keptError)) continue
      next = tried
      taken.add(direction, step)
      break
    }
    if (!next) break
    now = next
    if (now.heldError < best.heldError) {
      best = now
      bestTaken = taken.copy()
    }
  }
  return bestTaken && best.heldError < (1 - LEAST_GAIN) * start.heldError ? steps.unscaled(bestTaken) : undefined
}

function fitRow(
  x: Float64Array,
  y: Float64Array,
  held: (row: number) => boolean,
  options: FitOptions,
): Fit | undefined {
  let [low, high] = [Infinity, -Infinity]
  for (const value of x) {
    if (value < low) low = value
    if (value > high) high = value
  }
  const [middle, half] = [(low + high) / 2, (high - low) / 2]
  if (!(half > 1e-9 * Math.max(1, Math.abs(middle)))) return undefined
  const moments = noMoments(options.degree + 1)
  const basis = new Float64Array(options.degree + 1)
  for (let r = 0; r < x.length; r++) {
    if (held(r)) continue
    legendre((x[r] - middle) / half, basis.length, basis)
    observe(moments, basis, y[r], 1)
  }
  const polynomial = fitMoments(moments, middle, half, options)
  const residuals = new Float64Array(x.length)
  let [keptError, heldError] = [0, 0]
  for (let r = 0; r < x.length; r++) {
    residuals[r] = y[r] - evaluatePolynomial(polynomial, x[r])
    if (held(r)) heldError += residuals[r] ** 2
    else keptError += residuals[r] ** 2
  }
  return { x, polynomial, residuals, keptError, heldError }
}
