import type { LinearLayer, Shape } from '../network/layer-model.ts'
import { rowGroups } from './features.ts'
import { fitMoments } from './fit-channel.ts'
import type { FitOptions } from './fit-channel.ts'
import { POINT_SHARE } from './fit-layers.ts'
import type { Pool } from './fit-layers.ts'
import type { Values } from './layer-values.ts'
import { legendre } from '../numeric/legendre.ts'
import { noMoments, observe } from './moments.ts'
import { evaluatePolynomial } from '../numeric/monomials.ts'
import type { Coefficients } from '../numeric/monomials.ts'
import { isSpread } from './points.ts'
import { descent } from './descent.ts'
import type { Descent } from './descent.ts'
import { matrix } from '../numeric/matrix.ts'
import { changedLayer, sampleGroup, singlePlaces } from './refit.ts'
import { isHeldOut } from '../numeric/held-out.ts'
import type { RowChange } from './refit.ts'

const ROUNDS = 8
/** Tried in turn, in units of the quasi-Newton step. */
const STEPS = [4, 2, 1, 0.5, 0.2]
/** Places, and feature values, seen per channel: enough to tell a few hundred weights. */
const PLACES = 20_000
const PLACE_VALUES = 5e6
/** A change must take this share off the held-out error, or it may be chance. */
const LEAST_GAIN = 0.02

/**
 * Moves the weights before an activation to where a polynomial of their output comes closer to the original's
 * activation output (`targets`): where the activation is flat its input need not follow the original's, and a shorter
 * tail is easier to fit. Every output channel by itself: rounds of a polynomial fit and a step down the fit's error in
 * the metric of the features. A channel keeps its weights unless the error on held-out samples falls.
 * Behind the activation an average `pool` may follow: then the pooled output counts, and places are taken by windows.
 * `outputs` is what the layer gives on the inputs (one per term) now.
 */
export function ease(
  layer: LinearLayer,
  inShapes: readonly Shape[],
  inputs: readonly Values[],
  outputs: Values,
  targets: Values,
  pool: Pool | undefined,
  options: FitOptions,
): LinearLayer {
  const found = rowGroups(layer, inShapes)
  if (!found) return layer
  const windows = (pool && windowsOf(pool, layer.shape)) ?? singlePlaces(found.positions)
  const taps = windows[0].length
  const changes = found.groups.flatMap((group): RowChange[] => {
    const size = group.blocks.reduce((sum, block) => sum + block.size, 0)
    const most = Math.min(PLACES, PLACE_VALUES / size)
    const { features, perSample, read } = sampleGroup(group, windows, inputs, found.positions, most)
    const held = (row: number) => isHeldOut(Math.floor(row / perSample))
    const steps = descent(features, held)
    if (!steps) return []
    const [x, y] = [read(outputs), read(targets)]
    const fits = group.rows.map((_, t) => easeRow(steps, column(x, t), column(y, t), taps, held, options))
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
  taps: number,
  held: (row: number) => boolean,
  options: FitOptions,
): { weights: Float64Array; bias: number } | undefined {
  const start = fitRow(x, y, taps, held, options)
  if (!start) return undefined
  let now = start
  let best = start
  let taken = steps.begin()
  let bestTaken: typeof taken | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const slope = now.polynomial.map((c, k) => c * k).subarray(1)
    const slopes = now.x.map((value) => evaluatePolynomial(slope, value))
    const direction = steps.direction(taken, now.residuals, slopes)
    if (!direction) break
    const target = 0.9999 * (now.keptError + steps.penalty(taken, slopes))
    let next: Fit | undefined
    for (const step of STEPS) {
      const tried = fitRow(
        now.x.map((value, r) => value + step * direction.change[r]),
        y,
        taps,
        held,
        options,
      )
      const changed = taken.copy()
      changed.add(direction, step)
      if (!tried || !(tried.keptError + steps.penalty(changed, slopes) < target)) continue
      next = tried
      taken = changed
      break
    }
    if (!next) break
    now = next
    if (now.heldError < best.heldError) {
      best = now
      bestTaken = taken
    }
  }
  return bestTaken && best.heldError < (1 - LEAST_GAIN) * start.heldError ? steps.unscaled(bestTaken) : undefined
}

function fitRow(
  x: Float64Array,
  y: Float64Array,
  taps: number,
  held: (row: number) => boolean,
  options: FitOptions,
): Fit | undefined {
  let [low, high] = [Infinity, -Infinity]
  for (const value of x) {
    if (value < low) low = value
    if (value > high) high = value
  }
  const [middle, half] = [(low + high) / 2, (high - low) / 2]
  if (!isSpread(low, high)) return undefined
  const count = options.degree + 1
  const moments = noMoments(count)
  const basis = new Float64Array(count)
  const pooled = new Float64Array(count)
  const alone = taps > 1 ? POINT_SHARE : 1
  for (let first = 0; first < x.length; first += taps) {
    if (held(first)) continue
    pooled.fill(0)
    let target = 0
    for (let r = first; r < first + taps; r++) {
      legendre((x[r] - middle) / half, count, basis)
      observe(moments, basis, y[r], alone)
      for (let k = 0; k < count; k++) pooled[k] += basis[k] / taps
      target += y[r] / taps
    }
    if (taps > 1) observe(moments, pooled, target, taps)
  }
  const polynomial = fitMoments(moments, middle, half, options)
  const residuals = new Float64Array(x.length)
  let [keptError, heldError] = [0, 0]
  for (let first = 0; first < x.length; first += taps) {
    let [mean, squares] = [0, 0]
    for (let r = first; r < first + taps; r++) {
      residuals[r] = y[r] - evaluatePolynomial(polynomial, x[r])
      mean += residuals[r] / taps
      squares += residuals[r] ** 2
    }
    const error = taps > 1 ? taps * mean * mean + alone * squares : squares
    if (held(first)) heldError += error
    else keptError += error
    if (taps > 1) for (let r = first; r < first + taps; r++) residuals[r] = mean + alone * residuals[r]
  }
  return { x, polynomial, residuals, keptError, heldError }
}

/** Windows up to this size are seen whole; of larger ones too few would fit. */
const MOST_TAPS = 64

/** The input positions of each window of a pooling that lies inside the image. */
function windowsOf({ map, shape }: Pool, [, height, width]: Shape): Int32Array[] | undefined {
  const [rows, columns] = map.kernel
  if (rows * columns > MOST_TAPS) return undefined
  const windows: Int32Array[] = []
  for (let i = 0; i < shape[1]; i++) {
    for (let j = 0; j < shape[2]; j++) {
      const top = i * map.strides[0] - map.pads[0]
      const left = j * map.strides[1] - map.pads[1]
      const [bottom, right] = [top + (rows - 1) * map.dilations[0], left + (columns - 1) * map.dilations[1]]
      if (top < 0 || left < 0 || bottom >= height || right >= width) continue
      windows.push(
        Int32Array.from(
          { length: rows * columns },
          (_, tap) =>
            (top + Math.floor(tap / columns) * map.dilations[0]) * width + left + (tap % columns) * map.dilations[1],
        ),
      )
    }
  }
  return windows.length > 0 ? windows : undefined
}
