import { runHere } from '../beside.ts'
import type { SideRun, SideTask } from '../beside.ts'
import type { PlaceAxis } from '../network/coefficient-rows.ts'
import { INPUT } from '../network/layer-model.ts'
import type { ActivationLayer, LayerId, LinearLayer, Shape } from '../network/layer-model.ts'
import { expandBias, isStructural } from '../network/linear-maps.ts'
import type { ExactLayer, PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import { applyLinearMap, inputsOf, lastReaders, soleReader } from '../network/run-layers.ts'
import { chooseBounds } from './choose-bounds.ts'
import { ease } from './ease.ts'
import { defaultFit } from './fit-channel.ts'
import type { FitOptions } from './fit-channel.ts'
import { fitActivation, fitContrasts, fitPlain } from './fit-layers.ts'
import { ownDegreeOf } from '../network/activations.ts'
import { must, present } from '../must.ts'
import type { Pool } from './moments.ts'
import { fitPlaces, missedByPlace } from './fit-places.ts'
import { applyLayer } from './layer-values.ts'
import type { Values } from './layer-values.ts'
import { gather } from './linear-maps.ts'
import { condense, largestOf } from './points.ts'
import { breathe } from '../progress.ts'
import { exactLayersOf } from './options.ts'
import type { ApproximationOptions } from './options.ts'
import { contrastMaximum } from './contrast-maximum.ts'
import type { ContrastLayer, SlotModel } from '../network/contrasts.ts'
import { refit } from './refit.ts'

/** How layers are fitted one by one. */
export interface ClosedForm {
  /** Move the maps before activations to where polynomials err less. */
  readonly eased: boolean
  /** Bound polynomials further out the more of them follow one another. */
  readonly bounded: boolean
  /** One polynomial for each column or row of a channel, in place of shifts by place. */
  readonly by?: PlaceAxis
}

/**
 * On the inputs that the already approximated prefix makes of the calibration samples (flattened [C,H,W], preprocessed),
 * each polynomial is fitted to the original network's output of that activation, each linear map behind a replaced
 * activation is refitted towards the original network's output of that map, and the map before an activation is eased:
 * moved to where the polynomial errs less. What differs by place goes into biases (`fitPlaces`).
 */
export const fitLayers = (given: LayersToFit, done: (layer: LayerId) => void): Promise<PolynomialModel> =>
  nextFit(runHere(fitAll, [given]), done)

export interface LayersToFit {
  readonly slots: SlotModel
  readonly samples: Values
  readonly options: Omit<ApproximationOptions, 'labels'>
  readonly form: ClosedForm
}

/** A layer that is fitted, and behind the last one the network. */
export type FittedStep = { readonly layer: LayerId } | { readonly model: PolynomialModel }

/** The layers of each in turn, as `fitLayers` fits them. */
export const fitAll: SideTask<readonly LayersToFit[], FittedStep> = {
  name: 'fit layers',
  *run(all) {
    for (const given of all) {
      const fit = new LayerFit(given)
      for (const layer of fit.layers()) yield { layer }
      yield { model: fit.model }
    }
  },
}

/** The next network of `fitAll`. `done` is told of each layer. */
export async function nextFit(fits: SideRun<FittedStep>, done: (layer: LayerId) => void): Promise<PolynomialModel> {
  for (;;) {
    const step = present(await fits.next())
    if ('model' in step) return step.model
    done(step.layer)
    await breathe()
  }
}

type Replaced = Exclude<SlotModel['layers'][number], LinearLayer>

/** The original network and the approximated one, layer by layer side by side. */
class LayerFit {
  readonly #slots: SlotModel
  readonly #options: LayersToFit['options']
  readonly #form: ClosedForm
  readonly #exactLayers: ReadonlySet<LayerId>
  readonly #common: Omit<FitOptions, 'degree'>
  readonly #lastReader: ReadonlyMap<LayerId, LayerId>
  readonly #shapes: Map<LayerId, Shape>
  /** Values of the samples behind each layer that something still reads, in both networks; the same arrays where they are equal. */
  readonly #original: Map<LayerId, Values>
  readonly #approximated: Map<LayerId, Values>
  /** Of the approximated network. */
  readonly #layers: (LinearLayer | PolynomialLayer | ExactLayer)[] = []
  /** By activation: what its readers add to its polynomial, element by element. */
  readonly #constants = new Map<LayerId, Float64Array>()

  constructor({ slots, samples, options, form }: LayersToFit) {
    this.#slots = slots
    this.#options = options
    this.#form = form
    this.#exactLayers = exactLayersOf(options)
    this.#common = { ...(form.bounded ? chooseBounds(slots, this.#exactLayers) : defaultFit), ...options.fit }
    this.#lastReader = lastReaders(slots)
    this.#shapes = new Map([[INPUT, slots.input.shape], ...slots.layers.map((l) => [l.id, l.shape] as const)])
    this.#original = new Map([[INPUT, samples]])
    this.#approximated = new Map([[INPUT, samples]])
  }

  /** Fits one layer after the other. */
  *layers(): Generator<LayerId, void> {
    for (const layer of this.#slots.layers) {
      this.#fit(layer)
      this.#forgetBehind(layer.id)
      yield layer.id
    }
  }

  /** What is fitted so far. */
  get model(): PolynomialModel {
    return { ...this.#slots, layers: this.#layers }
  }

  #fit(layer: SlotModel['layers'][number]): void {
    if (layer.kind === 'linear') this.#addLinear(layer)
    else if (layer.kind === 'max-pool' || this.#exactLayers.has(layer.id)) this.#addExact(layer)
    else if (layer.kind === 'activation') this.#addPolynomial(layer)
    else this.#addContrasts(layer)
  }

  #addLinear(layer: LinearLayer): void {
    const exact = applyLayer(layer, this.#shapes, this.#original)
    this.#original.set(layer.id, exact)
    const ready = this.#withConstants(layer)
    const replaced = this.#options.refit === false ? ready : this.#refitted(ready, exact)
    this.#layers.push(replaced)
    const same = replaced === layer && this.#readsTheSame(layer)
    this.#approximated.set(layer.id, same ? exact : applyLayer(replaced, this.#shapes, this.#approximated))
  }

  #addExact(layer: Replaced): void {
    const exact = this.#valuesOf(layer, this.#original)
    this.#original.set(layer.id, exact)
    // The same values, so that what follows an exact beginning is not fitted to itself.
    const same = this.#original.get(layer.input) === this.#approximated.get(layer.input)
    this.#approximated.set(layer.id, same ? exact : this.#valuesOf(layer, this.#approximated))
    if (layer.kind !== 'contrast-max') this.#layers.push(layer)
  }

  #addPolynomial(layer: ActivationLayer): void {
    const exact = this.#valuesOf(layer, this.#original)
    this.#original.set(layer.id, exact)
    const { by } = this.#form
    const targets = this.#options.refit === false || by ? exact : this.#placed(layer, exact)
    const inputs = must(this.#approximated, layer.input)
    const context = { pool: poolBehind(this.#slots, layer.id), by }
    const fitted = fitActivation(layer, inputs, targets, context, this.#fitOptions(layer.id))
    this.#layers.push(fitted)
    this.#approximated.set(layer.id, applyLayer(fitted, this.#shapes, this.#approximated))
  }

  #addContrasts(layer: ContrastLayer): void {
    const exact = this.#valuesOf(layer, this.#original)
    this.#original.set(layer.id, exact)
    const inputs = must(this.#approximated, layer.input)
    const { terms, sum } = fitContrasts(layer, inputs, exact, this.#fitOptions(layer.id))
    this.#layers.push(terms, sum)
    this.#shapes.set(terms.id, terms.shape)
    const values = new Map([[terms.id, applyLayer(terms, this.#shapes, this.#approximated)]])
    this.#approximated.set(sum.id, applyLayer(sum, this.#shapes, values))
  }

  /** Values that no later layer reads. */
  #forgetBehind(id: LayerId): void {
    for (const read of this.#original.keys()) {
      if (this.#lastReader.get(read) !== id) continue
      this.#original.delete(read)
      this.#approximated.delete(read)
    }
  }

  #fitOptions(id: LayerId): FitOptions {
    const { degrees, degree } = this.#options
    const own = degrees?.get(id) ?? degree
    return { ...this.#common, degree: own === 'exact' ? degree : own }
  }

  #valuesOf(layer: Replaced, values: ReadonlyMap<LayerId, Values>): Values {
    return layer.kind === 'contrast-max'
      ? contrastMaximum(layer, must(values, layer.input))
      : applyLayer(layer, this.#shapes, values)
  }

  #readsTheSame({ terms }: LinearLayer): boolean {
    return terms.every(({ input }) => this.#original.get(input) === this.#approximated.get(input))
  }

  /** Moves what places shift into the bias before the activation, keeps their constants for its readers; the targets less these. */
  #placed(layer: ActivationLayer, exact: Values): Values {
    const before = this.#layers.findIndex(({ id }) => id === layer.input)
    const producer = this.#layers[before]
    const readers = this.#slots.layers.filter((reader) => inputsOf(reader).includes(layer.id))
    const isAlone = producer?.kind === 'linear' && soleReader(this.#slots, producer.id) === layer
    const isLinear = this.#slots.output !== layer.id && readers.every(({ kind }) => kind === 'linear')
    if (ownDegreeOf(layer.activation) !== undefined) return exact
    if (!isAlone || !isLinear || layer.shape[1] * layer.shape[2] === 1) return exact
    const largest = largestOf(exact)
    const fit = this.#fitOptions(layer.id)
    const places = fitPlaces(must(this.#approximated, producer.id), exact, layer.shape, (x, y, channel) =>
      fitPlain(layer, channel, condense([x], [y], 0, x.length), largest, fit),
    )
    this.#layers[before] = { ...producer, bias: sum(expandBias(producer.bias, producer.shape), places.shifts) }
    const shifted = must(this.#approximated, producer.id).map((values) => sum(values, places.shifts))
    this.#approximated.set(producer.id, shifted)
    this.#constants.set(layer.id, places.constants)
    return exact.map((values) => values.map((value, i) => value - places.constants[i]))
  }

  #withConstants(layer: LinearLayer): LinearLayer {
    let bias = layer.bias
    for (const { input, map } of layer.terms) {
      const field = this.#constants.get(input)
      if (!field) continue
      const moved = applyLinearMap(map, must(this.#shapes, input), layer.shape, field)
      bias = gather(sum(expandBias(bias, layer.shape), moved), layer.shape)
    }
    return bias === layer.bias ? layer : { ...layer, bias }
  }

  /** The layer with what it misses at each place on average, shrunk, in its bias. */
  #balanced(layer: LinearLayer, exact: Values): LinearLayer {
    if (layer.shape[1] * layer.shape[2] === 1) return layer
    const bias = missedByPlace(applyLayer(layer, this.#shapes, this.#approximated), exact, layer.shape)
    return { ...layer, bias: gather(sum(expandBias(layer.bias, layer.shape), bias), layer.shape) }
  }

  /** Refitted where its inputs differ from the original's, and eased where one activation reads it. */
  #refitted(layer: LinearLayer, exact: Values): LinearLayer {
    const inShapes = layer.terms.map(({ input }) => must(this.#shapes, input))
    const inputs = layer.terms.map(({ input }) => must(this.#approximated, input))
    const same = this.#readsTheSame(layer)
    const outputs = same ? exact : applyLayer(layer, this.#shapes, this.#approximated)
    const refitted = same ? layer : this.#balanced(refit(layer, inShapes, inputs, outputs, exact).layer, exact)
    const reader = soleReader(this.#slots, layer.id)
    if (!this.#form.eased || reader?.kind !== 'activation' || this.#exactLayers.has(reader.id)) return refitted
    const now = refitted === layer ? outputs : applyLayer(refitted, this.#shapes, this.#approximated)
    const targets = applyLayer(reader, this.#shapes, new Map([[layer.id, exact]]))
    const seen = { inShapes, inputs, outputs: now, targets }
    return ease(refitted, seen, poolBehind(this.#slots, reader.id), this.#fitOptions(reader.id))
  }
}

const sum = (left: Float64Array, right: Float64Array) => left.map((value, i) => value + right[i])

/** The average pooling that is the only reader of a layer, if there is one. */
function poolBehind(model: SlotModel, id: LayerId): Pool | undefined {
  const reader = soleReader(model, id)
  if (reader?.kind !== 'linear' || reader.terms.length !== 1) return undefined
  const { map } = reader.terms[0]
  if (map.kind !== 'conv' || map.groups !== reader.shape[0] || map.weight.length === map.groups) return undefined
  return isStructural(map) ? { map, shape: reader.shape } : undefined
}
