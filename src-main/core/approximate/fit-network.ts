import type { PlaceAxis } from '../network/coefficient-rows.ts'
import { INPUT } from '../network/layer-model.ts'
import type { ActivationLayer, LayerId, LinearLayer, Shape } from '../network/layer-model.ts'
import { expandBias, isStructural } from '../network/linear-maps.ts'
import type { Degree, ExactLayer, PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import { applyLinearMap, inputsOf, lastReaders, soleReader } from '../network/run-layers.ts'
import { chooseBounds } from './choose-bounds.ts'
import { ease } from './ease.ts'
import { defaultFit } from './fit-channel.ts'
import type { FitOptions } from './fit-channel.ts'
import { fitActivation, fitContrasts, fitPlain } from './fit-layers.ts'
import { ownDegreeOf } from '../network/activations.ts'
import { must } from '../must.ts'
import type { Pool } from './fit-layers.ts'
import { fitPlaces, missedByPlace } from './fit-places.ts'
import { applyLayer } from './layer-values.ts'
import type { Values } from './layer-values.ts'
import { gather } from './linear-maps.ts'
import { condense, largestOf } from './points.ts'
import { breathe } from '../progress.ts'
import { exactLayersOf } from './options.ts'
import type { ApproximationOptions } from './options.ts'
import { contrastMaximum } from './contrast-maximum.ts'
import type { SlotModel } from '../network/contrasts.ts'
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
export async function fitLayers(
  slots: SlotModel,
  samples: Values,
  options: ApproximationOptions,
  form: ClosedForm,
  done: (what: string) => void,
): Promise<PolynomialModel> {
  const exactLayers = exactLayersOf(options)
  const degreeOf = (id: LayerId): Degree => {
    const degree = options.degrees?.get(id) ?? options.degree
    return degree === 'exact' ? options.degree : degree
  }
  const shapes = new Map<LayerId, Shape>([
    [INPUT, slots.input.shape],
    ...slots.layers.map((l) => [l.id, l.shape] as const),
  ])
  const original = new Map<LayerId, Values>([[INPUT, samples]])
  const approximated = new Map<LayerId, Values>([[INPUT, samples]])
  const lastReader = lastReaders(slots)
  const common = { ...(form.bounded ? chooseBounds(slots, exactLayers) : defaultFit), ...options.fit }
  const layers: (LinearLayer | PolynomialLayer | ExactLayer)[] = []
  /** By activation: what its readers add to its polynomial, element by element. */
  const constants = new Map<LayerId, Float64Array>()

  for (const layer of slots.layers) {
    await breathe()
    const fit = { ...common, degree: degreeOf(layer.id) }
    if (layer.kind === 'linear') {
      const exact = applyLayer(layer, shapes, original)
      original.set(layer.id, exact)
      const ready = withConstants(layer)
      const replaced = options.refit === false ? ready : refitLayer(ready, exact, fit)
      layers.push(replaced)
      const same =
        replaced === layer && layer.terms.every(({ input }) => original.get(input) === approximated.get(input))
      approximated.set(layer.id, same ? exact : applyLayer(replaced, shapes, approximated))
    } else if (layer.kind === 'max-pool' || exactLayers.has(layer.id)) {
      original.set(layer.id, exactValues(layer))
      // The same values, so that what follows an exact beginning is not fitted to itself.
      const same = original.get(layer.input) === approximated.get(layer.input)
      approximated.set(layer.id, same ? must(original, layer.id) : exactValues(layer, approximated))
      if (layer.kind !== 'contrast-max') layers.push(layer)
    } else {
      const exact = exactValues(layer)
      original.set(layer.id, exact)
      if (layer.kind === 'activation') {
        const targets = options.refit === false || form.by ? exact : placed(layer, exact, fit)
        const inputs = must(approximated, layer.input)
        const fitted = fitActivation(layer, inputs, targets, { pool: poolBehind(slots, layer.id), by: form.by }, fit)
        layers.push(fitted)
        approximated.set(layer.id, applyLayer(fitted, shapes, approximated))
      } else {
        const { terms, sum } = fitContrasts(layer, must(approximated, layer.input), exact, fit)
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
  return { ...slots, layers }

  function exactValues(layer: Exclude<SlotModel['layers'][number], LinearLayer>, values = original): Values {
    return layer.kind === 'contrast-max'
      ? contrastMaximum(layer, must(values, layer.input))
      : applyLayer(layer, shapes, values)
  }

  /** Moves what places shift into the bias before the activation, keeps their constants for its readers; the targets less these. */
  function placed(layer: ActivationLayer, exact: Values, fit: FitOptions): Values {
    const before = layers.findIndex(({ id }) => id === layer.input)
    const producer = layers[before]
    const readers = slots.layers.filter((reader) => inputsOf(reader).includes(layer.id))
    const isAlone = producer?.kind === 'linear' && soleReader(slots, producer.id) === layer
    const isLinear = slots.output !== layer.id && readers.every(({ kind }) => kind === 'linear')
    if (ownDegreeOf(layer.activation) !== undefined) return exact
    if (!isAlone || !isLinear || layer.shape[1] * layer.shape[2] === 1) return exact
    const largest = largestOf(exact)
    const places = fitPlaces(must(approximated, producer.id), exact, layer.shape, (x, y, channel) =>
      fitPlain(layer, channel, condense([x], [y], 0, x.length), largest, fit),
    )
    layers[before] = { ...producer, bias: sum(expandBias(producer.bias, producer.shape), places.shifts) }
    const shifted = must(approximated, producer.id).map((values) => sum(values, places.shifts))
    approximated.set(producer.id, shifted)
    constants.set(layer.id, places.constants)
    return exact.map((values) => values.map((value, i) => value - places.constants[i]))
  }

  function withConstants(layer: LinearLayer): LinearLayer {
    let bias = layer.bias
    for (const { input, map } of layer.terms) {
      const field = constants.get(input)
      if (!field) continue
      const moved = applyLinearMap(map, must(shapes, input), layer.shape, field)
      bias = gather(sum(expandBias(bias, layer.shape), moved), layer.shape)
    }
    return bias === layer.bias ? layer : { ...layer, bias }
  }

  /** The layer with what it misses at each place on average, shrunk, in its bias. */
  function balanced(layer: LinearLayer, exact: Values): LinearLayer {
    if (layer.shape[1] * layer.shape[2] === 1) return layer
    const bias = missedByPlace(applyLayer(layer, shapes, approximated), exact, layer.shape)
    return { ...layer, bias: gather(sum(expandBias(layer.bias, layer.shape), bias), layer.shape) }
  }

  function refitLayer(layer: LinearLayer, exact: Values, fit: FitOptions): LinearLayer {
    const inShapes = layer.terms.map(({ input }) => must(shapes, input))
    const inputs = layer.terms.map(({ input }) => must(approximated, input))
    const same = layer.terms.every(({ input }) => original.get(input) === approximated.get(input))
    const outputs = same ? exact : applyLayer(layer, shapes, approximated)
    const refitted = same ? layer : balanced(refit(layer, inShapes, inputs, outputs, exact).layer, exact)
    const reader = soleReader(slots, layer.id)
    if (!form.eased || reader?.kind !== 'activation' || exactLayers.has(reader.id)) return refitted
    const now = refitted === layer ? outputs : applyLayer(refitted, shapes, approximated)
    const activated = applyLayer(reader, shapes, new Map([[layer.id, exact]]))
    return ease(refitted, inShapes, inputs, now, activated, poolBehind(slots, reader.id), {
      ...fit,
      degree: degreeOf(reader.id),
    })
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
