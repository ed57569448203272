import { isHeldOut } from '../numeric/held-out.ts'
import type { LinearLayer, LinearMap, Shape } from '../network/layer-model.ts'
import { rowGroups } from './features.ts'
import type { RowGroup } from './features.ts'
import type { Values } from './layer-values.ts'
import { matrix } from '../numeric/matrix.ts'
import type { Matrix } from '../numeric/matrix.ts'
import { ridge } from '../numeric/ridge.ts'

export interface RefitReport {
  /** Mean squared error of the layer's output on held-out samples, over all outputs, before and after. */
  readonly before: number
  readonly after: number
}

/** At most this many feature values are held at once; positions are thinned to fit. */
const FEATURE_VALUES = 6e6
const FEATURE_ROWS = 20_000

/**
 * Re-solves a linear layer so that on `inputs` (one per term; the approximated prefix's) it comes closest to `targets`
 * (the original network's output of the same layer): ridge regression towards the weights it has, the penalty chosen on
 * held-out samples. Groups of rows for which that does not lower the held-out error keep their weights.
 * `outputs` is what the layer gives on the inputs now.
 */
export function refit(
  layer: LinearLayer,
  inShapes: readonly Shape[],
  inputs: readonly Values[],
  outputs: Values,
  targets: Values,
): { layer: LinearLayer; report: RefitReport } {
  const found = rowGroups(layer, inShapes)
  if (!found) return { layer, report: { before: 0, after: 0 } }
  const { groups, positions } = found
  const report = { before: 0, after: 0 }
  const changes = groups.map((group) => {
    const fit = solveGroup(group, positions, inputs, outputs, targets)
    report.before += (fit.before * group.rows.length) / layer.shape[0]
    report.after += (fit.after * group.rows.length) / layer.shape[0]
    return { group, weights: fit.weights, bias: fit.bias }
  })
  return { layer: changedLayer(layer, changes), report }
}

/** What to add to the weights [features × rows] and biases of a group of rows. */
export interface RowChange {
  readonly group: RowGroup
  readonly weights: Matrix
  readonly bias: Float64Array
}

/** The layer with the changes added to its weights and biases; those of other rows stay. */
export function changedLayer(layer: LinearLayer, changes: readonly RowChange[]): LinearLayer {
  const weights = layer.terms.map(({ map }) => (map.kind === 'sparse' ? map.values : Float64Array.from(map.weight)))
  const bias = Float64Array.from(layer.bias)
  const perRow = bias.length / layer.shape[0]
  for (const change of changes) {
    addChange(change.group, change.weights.data, weights)
    change.group.rows.forEach((row, t) => {
      for (let i = 0; i < perRow; i++) bias[row * perRow + i] += change.bias[t]
    })
  }
  const terms = layer.terms.map(({ input, map }, term) => ({ input, map: withWeights(map, weights[term]) }))
  return { ...layer, terms, bias }
}

const withWeights = (map: LinearMap, weight: Float64Array): LinearMap =>
  map.kind === 'sparse' ? map : { ...map, weight }

function solveGroup(group: RowGroup, positions: number, inputs: readonly Values[], outputs: Values, targets: Values) {
  const { features, perSample, read } = sampleGroup(group, singlePlaces(positions), inputs, positions)
  const residuals = read(targets)
  const current = read(outputs)
  for (let i = 0; i < residuals.data.length; i++) residuals.data[i] -= current.data[i]
  return ridge(features, residuals, (row) => isHeldOut(Math.floor(row / perSample)))
}

/**
 * The features of a group, and a reader of its rows from any tensor of the layer's shape, at the same places. Places
 * come in units of `window` that stay together (single positions unless given); row r belongs to sample
 * floor(r / perSample).
 */
export function sampleGroup(
  { rows, blocks }: RowGroup,
  windows: readonly Int32Array[],
  inputs: readonly Values[],
  positions: number,
  mostRows = FEATURE_ROWS,
) {
  const samples = inputs[0].length
  const size = blocks.reduce((sum, block) => sum + block.size, 0)
  const taps = windows[0].length
  const most = Math.min(mostRows, Math.floor(FEATURE_VALUES / size))
  const chosen = Math.max(1, Math.min(windows.length, Math.floor(most / samples / taps)))
  const perSample = chosen * taps
  const places = new Int32Array(samples * perSample)
  for (let sample = 0; sample < samples; sample++) {
    const offset = chosen === windows.length ? 0 : sample * 7919
    for (let k = 0; k < chosen; k++) {
      const window = windows[(Math.floor((k * windows.length) / chosen) + offset) % windows.length]
      places.set(window, sample * perSample + k * taps)
    }
  }
  const features = matrix(places.length, size)
  places.forEach((position, r) => {
    let at = r * size
    for (const block of blocks) {
      block.gather(inputs[block.term][Math.floor(r / perSample)], position, features.data, at)
      at += block.size
    }
  })
  const read = (values: Values): Matrix => {
    const result = matrix(places.length, rows.length)
    places.forEach((position, r) => {
      const from = values[Math.floor(r / perSample)]
      rows.forEach((row, t) => (result.data[r * rows.length + t] = from[row * positions + position]))
    })
    return result
  }
  return { features, perSample, read }
}

/** Groups of one place each, for as many places. */
export const singlePlaces = (positions: number): Int32Array[] =>
  Array.from({ length: positions }, (_, position) => Int32Array.of(position))

function addChange({ rows, blocks }: RowGroup, change: Float64Array, weights: readonly Float64Array[]): void {
  let feature = 0
  for (const block of blocks) {
    for (let k = 0; k < block.size; k++, feature++) {
      rows.forEach((row, t) => {
        weights[block.term][block.weightAt(row) + k] += change[feature * rows.length + t]
      })
    }
  }
}
