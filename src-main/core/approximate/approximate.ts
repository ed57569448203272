import { UserError } from '../errors.ts'
import { activationFunction } from '../normalise/activations.ts'
import { INPUT, sizeOf } from '../normalise/layer-model.ts'
import type { ActivationLayer, LayerId, LayerModel, LinearLayer, Shape } from '../normalise/layer-model.ts'
import { stepCounter } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { defaultFit, fitChannel } from './fit-channel.ts'
import type { FitOptions } from './fit-channel.ts'
import { applyLayer } from './layer-values.ts'
import type { Values } from './layer-values.ts'
import { evaluatePolynomial } from './monomials.ts'
import { condense, notFinite } from './points.ts'
import type { PolynomialLayer, PolynomialModel } from './polynomial-model.ts'
import { refit } from './refit.ts'

export interface ApproximationOptions {
  /** Of every activation. */
  readonly degree: 2 | 4
  /** Re-solve the linear maps after replaced activations; on unless false. */
  readonly refit?: boolean
  readonly fit?: Partial<Omit<FitOptions, 'degree'>>
}

/** Fewer calibration samples than this are used with a warning. */
const ENOUGH_SAMPLES = 200

/**
 * Replaces every activation by one polynomial per channel. Layer by layer, on the inputs that the already approximated
 * prefix makes of the calibration samples (flattened [C,H,W], preprocessed), each polynomial is fitted to the original
 * network's output of that activation, and each linear map behind a replaced activation is refitted towards the original
 * network's output of that map. No labels are used.
 * Throws a UserError for samples of another size, values that are not finite, or no samples.
 */
export async function approximate(
  model: LayerModel,
  calibration: readonly Float64Array[],
  options: ApproximationOptions,
  work: WorkContext,
): Promise<PolynomialModel> {
  checkSamples(model, calibration, work)
  const fit = { ...defaultFit, ...options.fit, degree: options.degree }
  const shapes = new Map<LayerId, Shape>([[INPUT, model.input.shape]])
  const original = new Map<LayerId, Values>([[INPUT, calibration]])
  const approximated = new Map<LayerId, Values>([[INPUT, calibration]])
  const lastReader = lastReaders(model)
  const layers: (LinearLayer | PolynomialLayer)[] = []
  const done = stepCounter(work, 'approximate', model.layers.length)

  for (const layer of model.layers) {
    await new Promise((resolve) => setTimeout(resolve))
    shapes.set(layer.id, layer.shape)
    if (layer.kind === 'linear') {
      const inShapes = layer.terms.map((term) => shapes.get(term.input)!)
      const exact = applyLayer(layer, shapes, original)
      const same = layer.terms.every(({ input }) => original.get(input) === approximated.get(input))
      let now = same ? exact : applyLayer(layer, shapes, approximated)
      let replaced = layer
      if (!same && options.refit !== false) {
        const inputs = layer.terms.map(({ input }) => approximated.get(input)!)
        const refitted = refit(layer, inShapes, inputs, now, exact)
        if (refitted.layer !== layer) now = applyLayer(refitted.layer, shapes, approximated)
        replaced = refitted.layer
      }
      layers.push(replaced)
      original.set(layer.id, exact)
      approximated.set(layer.id, now)
    } else if (layer.kind === 'activation') {
      const exact = applyLayer(layer, shapes, original)
      const polynomial = fitLayer(layer, approximated.get(layer.input)!, exact, fit)
      layers.push(polynomial)
      original.set(layer.id, exact)
      approximated.set(layer.id, applyLayer(polynomial, shapes, approximated))
    } else
      throw new UserError('unsupported-operators', 'Max pooling is not supported yet.', { where: { layer: layer.id } })
    for (const id of original.keys()) {
      if ((lastReader.get(id) ?? '') === layer.id) {
        original.delete(id)
        approximated.delete(id)
      }
    }
    done(layer.id)
  }
  return { ...model, layers }
}

function checkSamples(model: LayerModel, calibration: readonly Float64Array[], work: WorkContext): void {
  const size = sizeOf(model.input.shape)
  if (calibration.length === 0) throw new UserError('no-calibration', 'There are no calibration samples.')
  for (const sample of calibration) {
    if (sample.length !== size) {
      throw new UserError(
        'wrong-shape',
        `A calibration sample has ${sample.length} values; the network takes ${model.input.shape.join(' × ')}.`,
      )
    }
    if (!sample.every(Number.isFinite)) throw notFinite()
  }
  const warn = (message: string) => work.progress({ kind: 'warning', stage: 'approximate', message })
  if (calibration.length < ENOUGH_SAMPLES) {
    warn(`Only ${calibration.length} calibration samples; ${ENOUGH_SAMPLES} or more give a better fit.`)
  }
  const first = calibration[0]
  if (calibration.every((sample) => sample.every((value, i) => value === first[i]))) {
    warn('All calibration samples are equal, so the activations cannot be fitted to what they will see.')
  }
}

function lastReaders(model: LayerModel): Map<LayerId, LayerId> {
  const last = new Map<LayerId, LayerId>()
  for (const layer of model.layers) {
    const inputs = layer.kind === 'linear' ? layer.terms.map((term) => term.input) : [layer.input]
    for (const input of inputs) last.set(input, layer.id)
  }
  return last
}

function fitLayer(layer: ActivationLayer, inputs: Values, targets: Values, options: FitOptions): PolynomialLayer {
  const [channels, height, width] = layer.shape
  let squared = 0
  let low = Infinity
  let high = -Infinity
  const coefficients = Array.from({ length: channels }, (_, channel) => {
    const points = condense(inputs, targets, channel, height * width)
    const fitted = fitChannel(points, activationFunction(layer.activation, channel), options)
    points.x.forEach((x, i) => (squared += points.weight[i] * (evaluatePolynomial(fitted, x) - points.y[i]) ** 2))
    low = Math.min(low, points.low)
    high = Math.max(high, points.high)
    return fitted
  })
  return {
    kind: 'polynomial',
    id: layer.id,
    sources: layer.sources,
    shape: layer.shape,
    input: layer.input,
    coefficients,
    fit: {
      original: layer.activation.operator,
      degree: options.degree,
      rootMeanSquareError: Math.sqrt(squared / channels),
      range: [low, high],
      rangeMargin: 1 + 2 * options.margin,
    },
  }
}
