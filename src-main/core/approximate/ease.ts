import type { LinearLayer, Shape } from '../network/layer-model.ts'
import { rowGroups } from './features.ts'
import type { FitOptions } from './fit-channel.ts'
import type { Pool } from './moments.ts'
import type { Values } from './layer-values.ts'
import { evaluated, rowFitter } from './fit-row.ts'
import type { RowFit } from './fit-row.ts'
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

/** What a linear layer reads and gives on the calibration samples. */
interface SeenLayer {
  /** One for each term, as the inputs. */
  readonly inShapes: readonly Shape[]
  readonly inputs: readonly Values[]
  readonly outputs: Values
  /** The original's activation of its output. */
  readonly targets: Values
}

/**
 * Moves the weights before an activation to where a polynomial of their output comes closer to the original's
 * activation output (`targets`): where the activation is flat its input need not follow the original's, and a shorter
 * tail is easier to fit. Every output channel by itself: rounds of a polynomial fit and a step down the fit's error in
 * the metric of the features. A channel keeps its weights unless the error on held-out samples falls.
 * Behind the activation an average `pool` may follow: then the pooled output counts, and places are taken by windows.
 */
export function ease(
  layer: LinearLayer,
  { inShapes, inputs, outputs, targets }: SeenLayer,
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
    const held = Uint8Array.from({ length: features.rows }, (_, row) => Number(isHeldOut(Math.floor(row / perSample))))
    const steps = descent(features, (row) => held[row] === 1)
    if (!steps) return []
    const [x, y] = [read(outputs), read(targets)]
    const fits = group.rows.map((_, t) => easeRow(steps, column(x, t), rowFitter(column(y, t), taps, held, options)))
    const weights = matrix(features.columns, group.rows.length)
    fits.forEach((fit, t) => fit?.weights.forEach((value, f) => (weights.data[f * fits.length + t] = value)))
    return [{ group, weights, bias: Float64Array.from(fits, (fit) => fit?.bias ?? 0) }]
  })
  return changedLayer(layer, changes)
}

const column = ({ rows, columns, data }: { rows: number; columns: number; data: Float64Array }, t: number) =>
  Float64Array.from({ length: rows }, (_, r) => data[r * columns + t])

function easeRow(
  steps: Descent,
  x: Float64Array,
  fit: (x: Float64Array) => RowFit | undefined,
): { weights: Float64Array; bias: number } | undefined {
  const start = fit(x)
  if (!start) return undefined
  let now = start
  let best = start
  let taken = steps.begin()
  let bestTaken: typeof taken | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const slope = now.polynomial.map((c, k) => c * k).subarray(1)
    const slopes = evaluated(slope, now.x)
    const direction = steps.direction(taken, now.residuals, slopes)
    if (!direction) break
    const target = 0.9999 * (now.keptError + steps.penalty(taken, slopes))
    let next: RowFit | undefined
    for (const step of STEPS) {
      const tried = fit(along(now.x, direction.change, step))
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

function along(from: Float64Array, change: Float64Array, step: number): Float64Array {
  const to = new Float64Array(from.length)
  for (let r = 0; r < to.length; r++) to[r] = from[r] + step * change[r]
  return to
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
