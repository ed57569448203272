import type { LinearLayer, LinearMap, Shape } from '../normalise/layer-model.ts'
import { rowGroups } from './features.ts'
import type { RowGroup } from './features.ts'
import type { Values } from './layer-values.ts'
import { matrix, ridge } from './ridge.ts'

export interface RefitReport {
  /** Mean squared error of the layer's output on held-out samples, over all outputs, before and after. */
  readonly before: number
  readonly after: number
}

/** At most this many feature values are held at once; positions are thinned to fit. */
const FEATURE_VALUES = 16e6
const FEATURE_ROWS = 50_000
/** Every fifth sample chooses the penalty. */
const isHeldOut = (sample: number): boolean => sample % 5 === 4

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
  const weights = layer.terms.map(({ map }) => (map.kind === 'sparse' ? map.values : Float64Array.from(map.weight)))
  const bias = Float64Array.from(layer.bias)
  const report = { before: 0, after: 0 }
  for (const group of groups) {
    const fit = solveGroup(group, positions, inputs, outputs, targets)
    addChange(group, fit.weights.data, weights)
    const perRow = bias.length === layer.shape[0] ? 1 : positions
    group.rows.forEach((row, t) => {
      for (let i = 0; i < perRow; i++) bias[row * perRow + i] += fit.bias[t]
    })
    report.before += (fit.before * group.rows.length) / layer.shape[0]
    report.after += (fit.after * group.rows.length) / layer.shape[0]
  }
  const terms = layer.terms.map(({ input, map }, term) => ({ input, map: withWeights(map, weights[term]) }))
  return { layer: { ...layer, terms, bias }, report }
}

const withWeights = (map: LinearMap, weight: Float64Array): LinearMap =>
  map.kind === 'sparse' ? map : { ...map, weight }

function solveGroup(
  { rows, blocks }: RowGroup,
  positions: number,
  inputs: readonly Values[],
  outputs: Values,
  targets: Values,
) {
  const samples = targets.length
  const size = blocks.reduce((sum, block) => sum + block.size, 0)
  const most = Math.max(samples, Math.min(FEATURE_ROWS, Math.floor(FEATURE_VALUES / size)))
  const perSample = Math.max(1, Math.min(positions, Math.floor(most / samples)))
  const features = matrix(samples * perSample, size)
  const residuals = matrix(samples * perSample, rows.length)
  for (let sample = 0, r = 0; sample < samples; sample++) {
    for (let k = 0; k < perSample; k++, r++) {
      const position =
        (Math.floor((k * positions) / perSample) + thinningOffset(sample, perSample, positions)) % positions
      let at = r * size
      for (const block of blocks) {
        block.gather(inputs[block.term][sample], position, features.data, at)
        at += block.size
      }
      rows.forEach((row, t) => {
        const element = row * positions + position
        residuals.data[r * rows.length + t] = targets[sample][element] - outputs[sample][element]
      })
    }
  }
  return ridge(features, residuals, (row) => isHeldOut(Math.floor(row / perSample)))
}

/** Moves the thinned grid from sample to sample, so that every position is seen. */
const thinningOffset = (sample: number, perSample: number, positions: number): number =>
  perSample === positions ? 0 : (sample * 7919) % positions

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
