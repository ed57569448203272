import { countMultiplications } from '../network/count-multiplications.ts'
import { INPUT } from '../network/layer-model.ts'
import type { LayerId, LayerModel, LinearLayer, Shape } from '../network/layer-model.ts'
import { lastReaders, soleReader } from '../network/run-layers.ts'
import { stepCounter } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { tune } from '../tune/tune.ts'
import type { TuningEpochs } from '../tune/tune.ts'
import { checkCalibration, ENOUGH_SAMPLES } from './calibration.ts'
import { capSamples } from './cap-samples.ts'
import { chooseBounds } from './choose-bounds.ts'
import { withDistortions } from '../tune/distort.ts'
import { ease } from './ease.ts'
import { isStructural } from '../network/linear-maps.ts'
import type { FitOptions } from './fit-channel.ts'
import type { Degree, ExactLayer, PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import { fitActivation, fitContrasts } from './fit-layers.ts'
import type { Pool } from './fit-layers.ts'
import { applyLayer } from './layer-values.ts'
import type { Values } from './layer-values.ts'
import { observeRanges } from './observe-ranges.ts'
import { contrastMaximum, replacePools } from './pools.ts'
import type { SlotModel } from './pools.ts'
import { refit } from './refit.ts'
import { splitPools } from './split-pools.ts'

export interface ApproximationOptions {
  /** Of every activation. */
  readonly degree: Degree
  /** Degrees of single layers, by the id of the activation (or of the max-pool that stands alone). */
  readonly degrees?: Degrees
  /** Change linear maps around the activations; on unless false. */
  readonly refit?: boolean
  /** Epochs of tuning all weights towards the original's outputs, none where `refit` is false. */
  readonly tuningEpochs?: TuningEpochs
  /** Take max-pools apart into maxima of rows and columns: closer, and a squaring deeper. */
  readonly splitPools?: boolean
  /** Also fit to slightly distorted copies of the samples, where they are images; on unless false. */
  readonly distort?: boolean
  readonly fit?: Partial<Omit<FitOptions, 'degree'>>
}

/** What is left of enough samples when a fifth is held out. */
const ENOUGH_TO_TUNE = 0.8 * ENOUGH_SAMPLES

/** Multiplications of all samples above which easing is left out: tuning makes up for it in less time. */
const MOST_EASED = 1e10

/** Of one layer: 'exact' keeps the original, for the owner to compute where the ciphertexts are refreshed. */
export type Degrees = ReadonlyMap<LayerId, Degree | 'exact'>

/** A network of polynomials whose weights are not tuned yet. */
export interface FittedNetwork {
  readonly model: PolynomialModel
  /** What tuning goes by, and what the fits have seen: the same and distorted copies. */
  readonly given: readonly Float64Array[]
  readonly seen: readonly Float64Array[]
}

/**
 * Replaces every activation by one polynomial per channel, layer by layer (`fitNetwork`). Then all weights are tuned at
 * once, towards the original network's outputs. No labels are used.
 * Throws a UserError for samples of another size, values that are not finite, or no samples.
 */
export async function approximate(
  model: LayerModel,
  calibration: readonly Float64Array[],
  options: ApproximationOptions,
  work: WorkContext,
): Promise<PolynomialModel> {
  return tuneNetwork(model, await fitNetwork(model, calibration, options, work), options, work)
}

/** The fitted network with its weights tuned, where the samples suffice and it helps. */
export async function tuneNetwork(
  original: LayerModel,
  { model, given, seen }: FittedNetwork,
  { refit, tuningEpochs = {} }: Pick<ApproximationOptions, 'refit' | 'tuningEpochs'>,
  work: WorkContext,
): Promise<PolynomialModel> {
  if (refit === false || given.length < ENOUGH_TO_TUNE || !hasPolynomial(model)) return model
  const tuned = await tune(original, model, given, tuningEpochs, work)
  return tuned === model ? model : observeRanges(tuned, seen)
}

const hasPolynomial = ({ layers }: PolynomialModel) => layers.some(({ kind }) => kind === 'polynomial')

/**
 * On the inputs that the already approximated prefix makes of the calibration samples (flattened [C,H,W], preprocessed),
 * each polynomial is fitted to the original network's output of that activation, each linear map behind a replaced
 * activation is refitted towards the original network's output of that map, and the map before an activation is eased:
 * moved to where the polynomial errs less.
 */
export async function fitNetwork(
  model: LayerModel,
  calibration: readonly Float64Array[],
  options: ApproximationOptions,
  work: WorkContext,
): Promise<FittedNetwork> {
  checkCalibration(model.input.shape, calibration, work)
  const exactLayers = new Set([...(options.degrees ?? [])].flatMap(([id, degree]) => (degree === 'exact' ? [id] : [])))
  const degreeOf = (id: LayerId): Degree => {
    const degree = options.degrees?.get(id) ?? options.degree
    return degree === 'exact' ? options.degree : degree
  }
  const slots = replacePools(options.splitPools ? splitPools(model, exactLayers) : model, exactLayers)
  const given = capSamples(slots, calibration, work)
  const samples = options.distort === false ? given : withDistortions(model, given)
  const shapes = new Map<LayerId, Shape>([
    [INPUT, model.input.shape],
    ...slots.layers.map((l) => [l.id, l.shape] as const),
  ])
  const original = new Map<LayerId, Values>([[INPUT, samples]])
  const approximated = new Map<LayerId, Values>([[INPUT, samples]])
  const lastReader = lastReaders(slots)
  const large = countMultiplications(model) * given.length > MOST_EASED
  const common = { ...chooseBounds(slots, exactLayers), ...options.fit }
  const layers: (LinearLayer | PolynomialLayer | ExactLayer)[] = []
  const done = stepCounter(work, 'approximate', slots.layers.length)

  for (const layer of slots.layers) {
    await breathe()
    const fit = { ...common, degree: degreeOf(layer.id) }
    if (layer.kind === 'linear') {
      const exact = applyLayer(layer, shapes, original)
      original.set(layer.id, exact)
      const replaced = options.refit === false ? layer : refitLayer(layer, exact, fit)
      layers.push(replaced)
      const same =
        replaced === layer && layer.terms.every(({ input }) => original.get(input) === approximated.get(input))
      approximated.set(layer.id, same ? exact : applyLayer(replaced, shapes, approximated))
    } else if (layer.kind === 'max-pool' || exactLayers.has(layer.id)) {
      original.set(layer.id, exactValues(layer))
      // The same values, so that what follows an exact beginning is not fitted to itself.
      const same = original.get(layer.input) === approximated.get(layer.input)
      approximated.set(layer.id, same ? original.get(layer.id)! : exactValues(layer, approximated))
      if (layer.kind !== 'contrast-max') layers.push(layer)
    } else {
      const inputs = approximated.get(layer.input)!
      const exact = exactValues(layer)
      original.set(layer.id, exact)
      if (layer.kind === 'activation') {
        const fitted = fitActivation(layer, inputs, exact, poolBehind(slots, layer.id), fit)
        layers.push(fitted)
        approximated.set(layer.id, applyLayer(fitted, shapes, approximated))
      } else {
        const { terms, sum } = fitContrasts(layer, inputs, exact, fit)
        layers.push(terms, sum)
        shapes.set(terms.id, terms.shape)
        const values = new Map([[terms.id, applyLayer(terms, shapes, approximated)]])
        approximated.set(sum.id, applyLayer(sum, shapes, values))
      }
    }
    for (const id of original.keys()) {
      if (lastReader.get(id) !== layer.id) continue
      original.delete(id)
      approximated.delete(id)
    }
    done(layer.id)
  }
  return { model: { ...model, layers }, given, seen: samples }

  function exactValues(layer: Exclude<SlotModel['layers'][number], LinearLayer>, values = original): Values {
    return layer.kind === 'contrast-max'
      ? contrastMaximum(layer, values.get(layer.input)!)
      : applyLayer(layer, shapes, values)
  }

  function refitLayer(layer: LinearLayer, exact: Values, fit: FitOptions): LinearLayer {
    const inShapes = layer.terms.map(({ input }) => shapes.get(input)!)
    const inputs = layer.terms.map(({ input }) => approximated.get(input)!)
    const same = layer.terms.every(({ input }) => original.get(input) === approximated.get(input))
    const outputs = same ? exact : applyLayer(layer, shapes, approximated)
    const refitted = same ? layer : refit(layer, inShapes, inputs, outputs, exact).layer
    const reader = soleReader(slots, layer.id)
    if (large || reader?.kind !== 'activation' || exactLayers.has(reader.id)) return refitted
    const now = refitted === layer ? outputs : applyLayer(refitted, shapes, approximated)
    const activated = applyLayer(reader, shapes, new Map([[layer.id, exact]]))
    return ease(refitted, inShapes, inputs, now, activated, poolBehind(slots, reader.id), {
      ...fit,
      degree: degreeOf(reader.id),
    })
  }
}

/** Lets timers and signals through between layers. */
const breathe = () => new Promise((resolve) => setTimeout(resolve))

/** The average pooling that is the only reader of a layer, if there is one. */
function poolBehind(model: SlotModel, id: LayerId): Pool | undefined {
  const reader = soleReader(model, id)
  if (reader?.kind !== 'linear' || reader.terms.length !== 1) return undefined
  const { map } = reader.terms[0]
  if (map.kind !== 'conv' || map.groups !== reader.shape[0] || map.weight.length === map.groups) return undefined
  return isStructural(map) ? { map, shape: reader.shape } : undefined
}
