import type { PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import { applyLayer } from '../approximate/layer-values.ts'
import type { Values } from '../approximate/layer-values.ts'
import { INPUT } from '../network/layer-model.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import { inputsOf, shapesOf } from '../network/run-layers.ts'
import { breathe, stepCounter } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { labelOf, share } from '../network/classification.ts'
import { must, present } from '../must.ts'
import { matchValues } from './match-values.ts'

/** What one polynomial does to the network's output, and how its inputs lie in the fitted range. */
export interface LayerAttribution {
  readonly name: string
  /** The operator that the polynomial stands for. */
  readonly original: string
  readonly degree: number
  /**
   * By how much the relative root-mean-square error of the outputs grows when the network is polynomial up to this
   * layer and the original behind it, instead of up to the previous one. What is handed over is matched to the original's values
   * (`matchValues`). The figures of all layers sum to the whole error. A sample that is thrown far off counts `largestError`.
   */
  readonly errorAdded: number
  /** Share of samples with the original's label when the network is polynomial up to this layer. */
  readonly agreement: number
  /** What the fit was bounded for over the furthest input seen here; under 1 the fit was left. */
  readonly rangeMargin: number
  /** Share of the layer's inputs outside the range that calibration saw in their channel. */
  readonly outOfRange: number
  /** The channel with the most of them. */
  readonly worstChannel?: number
}

export interface AttributionOptions {
  /** What labels are found by. */
  readonly scoresOf?: (output: Float64Array) => Float64Array
  /** Relative error beyond which a sample's outputs say nothing, however much further off they are. */
  readonly largestError?: number
}

const LARGEST_ERROR = 100
/** A larger share of inputs outside the range that calibration saw is worth a warning. */
const MOST_OUT_OF_RANGE = 0.01

/**
 * Runs the samples through both networks and says which activation lost what. Memory and time grow with the samples; a
 * few hundred suffice. Warns where calibration does not cover the samples.
 */
export async function attributeLayers(
  original: LayerModel,
  polynomial: PolynomialModel,
  samples: readonly Float64Array[],
  work: WorkContext,
  { scoresOf = (output) => output, largestError = LARGEST_ERROR }: AttributionOptions = {},
): Promise<LayerAttribution[]> {
  const [shapes, originalShapes] = [shapesOf(polynomial), shapesOf(original)]
  const done = stepCounter(work, 'attribute', polynomial.layers.length)
  const originals = new Map<LayerId, Values>([[INPUT, samples]])
  for (const layer of original.layers) originals.set(layer.id, applyLayer(layer, originalShapes, originals))
  const exact = must(originals, original.output)
  const labels = exact.map((output) => labelOf(scoresOf(output)))
  const approximated = new Map<LayerId, Values>([[INPUT, samples]])
  const agreementOf = (outputs: Values) => share(outputs, (output, i) => labelOf(scoresOf(output)) === labels[i])
  const layouts = new Map(polynomial.layers.map((layer) => [layer.id, layer]))
  const found: LayerAttribution[] = []
  let errorBefore = 0
  let pending: PolynomialLayer | undefined
  for (const layer of polynomial.layers) {
    await breathe()
    approximated.set(layer.id, applyLayer(layer, shapes, approximated))
    if (layer.kind === 'polynomial') pending = layer
    // The terms of a max-pool have no counterpart in the original; their sum has.
    if (pending && original.layers.some(({ id }) => id === layer.id)) {
      const outputs = suffix(original, approximated, originals, layouts)
      const error = relativeError(exact, outputs, largestError)
      found.push({
        name: layer.id,
        original: pending.fit.original,
        degree: pending.fit.degree,
        errorAdded: error - errorBefore,
        agreement: agreementOf(outputs),
        ...rangesOf(pending, must(approximated, pending.input)),
      })
      errorBefore = error
      pending = undefined
    }
    done(layer.id)
  }
  // What linear layers behind the last activation make up for, or add, is the last activation's.
  const last = found.pop()
  if (last) {
    const outputs = must(approximated, polynomial.output)
    const errorAdded = last.errorAdded + relativeError(exact, outputs, largestError) - errorBefore
    found.push({ ...last, errorAdded, agreement: agreementOf(outputs) })
  }
  const left = found.filter(({ outOfRange }) => outOfRange > MOST_OUT_OF_RANGE).map(({ name }) => name)
  if (left.length > 0) {
    const message =
      `Calibration does not cover what these samples do: inputs left the fitted range at ${left.join(', ')}. ` +
      'Calibrate with more samples, or more varied ones.'
    work.progress({ kind: 'warning', stage: 'attribute', message })
  }
  return found
}

/** The original's output where values of the polynomial network, matched to its own, replace them; only layers that the output needs are run. */
function suffix(
  model: LayerModel,
  known: ReadonlyMap<LayerId, Values>,
  originals: ReadonlyMap<LayerId, Values>,
  layouts: ReadonlyMap<LayerId, PolynomialModel['layers'][number]>,
): Values {
  const needed = new Set([model.output])
  for (const layer of model.layers.toReversed()) {
    if (needed.has(layer.id) && !known.has(layer.id)) inputsOf(layer).forEach((id) => needed.add(id))
  }
  const shapes = shapesOf(model)
  const values = new Map([[INPUT, must(known, INPUT)]])
  for (const layer of model.layers.filter(({ id }) => needed.has(id))) {
    const given = known.get(layer.id)
    const matched = given && matchValues(given, must(originals, layer.id), must(layouts, layer.id))
    values.set(layer.id, matched ?? applyLayer(layer, shapes, values))
  }
  return must(values, model.output)
}

function relativeError(exact: Values, outputs: Values, largestError: number): number {
  const energies = exact.map((output) => {
    const mean = output.length > 1 ? output.reduce((sum, value) => sum + value, 0) / output.length : 0
    return output.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  })
  const energy = energies.reduce((sum, value) => sum + value, 0)
  if (!(energy > 0)) return 0
  const most = (largestError ** 2 * energy) / exact.length
  const error = exact.reduce((sum, output, i) => {
    const found = present(outputs[i])
    const squares = output.reduce((total, value, j) => total + (present(found[j]) - value) ** 2, 0)
    return sum + (squares < most ? squares : most)
  }, 0)
  return Math.sqrt(error / energy)
}

function rangesOf(layer: PolynomialLayer, inputs: Values) {
  const { channelRanges, rangeMargin } = layer.fit
  const plane = layer.shape[1] * layer.shape[2]
  const outside = new Float64Array(layer.shape[0])
  let furthest = 0
  for (let channel = 0; channel < layer.shape[0]; channel++) {
    const [low, high] = channelRanges?.[channel] ?? layer.fit.range
    const [middle, half] = [(low + high) / 2, (high - low) / 2]
    if (!(half > 0)) continue
    for (const input of inputs) {
      for (const value of input.subarray(channel * plane, (channel + 1) * plane)) {
        const distance = Math.abs(value - middle) / half
        if (distance > 1 + 1e-9) outside[channel] = present(outside[channel]) + 1
        if (distance > furthest) furthest = distance
      }
    }
  }
  const worst = outside.reduce((most, count, channel) => (count > present(outside[most]) ? channel : most), 0)
  const total = outside.reduce((sum, count) => sum + count, 0)
  return {
    rangeMargin: furthest > 0 ? rangeMargin / furthest : rangeMargin,
    outOfRange: total / (inputs.length * layer.shape[0] * plane),
    ...(total > 0 && { worstChannel: worst }),
  }
}
