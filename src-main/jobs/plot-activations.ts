import { median } from '../core/numeric/median.ts'
import { evaluatePolynomial } from '../core/numeric/monomials.ts'
import type { FitReport, PolynomialLayer, PolynomialModel } from '../core/network/polynomial-model.ts'
import { activationFunction } from '../core/network/activations.ts'
import { eachCoefficientRun } from '../core/network/coefficient-rows.ts'
import type { LayerId, LayerModel } from '../core/network/layer-model.ts'
import { runLayerBatch } from '../core/network/run-layers.ts'
import type { WorkContext } from '../core/progress.ts'
import { labelOf } from '../core/network/classification.ts'
import { classScores } from '../core/normalise/run-tail.ts'
import type { Kept } from '../core/validate/kept.ts'
import { approximateOpened, type CompileRequest } from './compile.ts'
import { openNetworkFile } from './open-network.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import { must, present } from '../core/must.ts'

export interface ActivationPlots {
  /** On samples that the fit has not seen; absent where there were too few to hold any out. */
  readonly kept?: Kept
  /** Samples that the fit has seen, and the share of them whose label the polynomial network keeps. */
  readonly samples: number
  readonly agreement: number
  readonly layers: readonly ActivationPlot[]
}

export interface ActivationPlot extends FitReport {
  readonly id: string
  readonly channels: number
  /** Counts of inputs seen, in equal bins over `range`. */
  readonly histogram: readonly number[]
  /** The original function over `range`; absent where it is not one function of one number. */
  readonly exact?: readonly Point[]
  /** Polynomials of at most `FAN` channels, each over the inputs it saw; with the mean that tuning moves into the biases behind. */
  readonly fan: readonly (readonly Point[])[]
}

interface Point {
  readonly x: number
  readonly y: number
}

const BINS = 60
/** Odd, so that a kink in the middle of a symmetric range is one of them. */
const POINTS = 241
const FAN = 16
/** Enough for a histogram and for the agreement to a per cent. */
const PLOTTED_SAMPLES = 300

/** Fits polynomials, as exporting does, and shows, for each activation, what they stand for. @throws UserError as `compile` */
export async function plotActivations(
  request: Omit<CompileRequest, 'input'>,
  work: WorkContext,
): Promise<ActivationPlots> {
  const watch = new Stopwatch(work)
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  const { model, polynomial, fitted, kept } = await approximateOpened(request, opened, work, watch)
  const shown = await watch.time('plot', () => plots(model, polynomial, fitted.slice(0, PLOTTED_SAMPLES)))
  return { ...(kept && { kept }), ...shown }
}

/** @param samples - that the polynomials were fitted to */
export function plots(
  model: LayerModel,
  polynomial: PolynomialModel,
  samples: readonly Float64Array[],
): Omit<ActivationPlots, 'kept'> {
  const layers = polynomial.layers.filter((layer) => layer.kind === 'polynomial')
  const seen = new Map(layers.map((layer) => [layer.input, new SeenInputs(layer)]))
  const approximated = runLayerBatch(polynomial, samples, ({ id }, outputs) => seen.get(id)?.add(outputs))
  const original = runLayerBatch(model, samples)
  const kept = original.filter(
    (scores, at) => labelOf(classScores(model, scores)) === labelOf(classScores(model, present(approximated[at]))),
  ).length
  return {
    samples: samples.length,
    agreement: kept / samples.length,
    layers: layers.map((layer) => ({
      id: choosableOf(model, polynomial, layer),
      ...plotOf(layer, exactOf(model, layer), must(seen, layer.input)),
    })),
  }
}

/** What one activation receives: a histogram over the fitted range, and each channel's own range. */
class SeenInputs {
  readonly histogram = new Array<number>(BINS).fill(0)
  readonly ranges: [number, number][]
  /** Of each row of coefficients, an input of each of its runs and samples. */
  readonly some: number[][]
  readonly #layer: PolynomialLayer

  constructor(layer: PolynomialLayer) {
    this.#layer = layer
    this.ranges = layer.coefficients.map(() => [Infinity, -Infinity])
    this.some = layer.coefficients.map(() => [])
  }

  add(outputs: readonly Float64Array[]): void {
    const [low, high] = this.#layer.fit.range
    const perBin = BINS / (high - low || 1)
    for (const values of outputs) {
      eachCoefficientRun(this.#layer, (row, from, to) => {
        const some = present(this.some[row])
        some.push(present(values[from + (some.length % (to - from))]))
        const range = present(this.ranges[row])
        for (const value of values.subarray(from, to)) {
          const bin = Math.max(0, Math.min(BINS - 1, Math.floor((value - low) * perBin)))
          this.histogram[bin] = present(this.histogram[bin]) + 1
          range[0] = Math.min(range[0], value)
          range[1] = Math.max(range[1], value)
        }
      })
    }
  }
}

function exactOf(model: LayerModel, { id, sources }: PolynomialLayer): ((x: number) => number) | undefined {
  const layer = model.layers.find((candidate) => candidate.id === id && candidate.sources.join() === sources.join())
  return layer?.kind === 'activation' ? activationFunction(layer.activation) : undefined
}

/** The name by which its degree is chosen: a max-pool's polynomials are terms of a sum that has the pool's name. */
function choosableOf(model: LayerModel, { layers }: PolynomialModel, { id }: PolynomialLayer): LayerId {
  if (model.layers.some((layer) => layer.id === id)) return id
  return layers.find((layer) => layer.kind === 'linear' && layer.terms.some(({ input }) => input === id))?.id ?? id
}

function plotOf(
  layer: PolynomialLayer,
  exact: ((x: number) => number) | undefined,
  seen: SeenInputs,
): Omit<ActivationPlot, 'id'> {
  const channels = layer.shape[0]
  const alive = layer.coefficients.flatMap((coefficients, row) => {
    const [low, high] = present(seen.ranges[row])
    return high > low ? [{ coefficients, some: present(seen.some[row]), low, high }] : []
  })
  const step = Math.max(1, alive.length / FAN)
  const chosen = Array.from({ length: Math.min(FAN, alive.length) }, (_, at) => present(alive[Math.floor(at * step)]))
  const [low, high] = layer.fit.range
  return {
    ...layer.fit,
    channels,
    histogram: seen.histogram,
    ...(exact && { exact: curve(exact, low, high) }),
    fan: chosen.map(({ coefficients, some, ...range }) => {
      const polynomial = (x: number): number => evaluatePolynomial(coefficients, x)
      const offset = exact ? (median(some.map((x) => exact(x) - polynomial(x))) ?? 0) : 0
      return curve((x) => polynomial(x) + offset, range.low, range.high)
    }),
  }
}

const curve = (f: (x: number) => number, low: number, high: number): Point[] =>
  Array.from({ length: POINTS }, (_, at) => {
    const x = low + ((high - low) * at) / (POINTS - 1)
    return { x, y: f(x) }
  })
