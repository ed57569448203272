import type { ActivationLayer, LinearLayer, MaxPoolLayer, Model, Shape } from '../normalise/layer-model.ts'

/** A network whose activations are polynomials, but for those that are to stay exact. */
export type PolynomialModel = Model<LinearLayer | PolynomialLayer | ExactLayer>

/** Stays what it was: the owner computes it in the clear where the ciphertexts are refreshed. */
export type ExactLayer = ActivationLayer | MaxPoolLayer

export const isExact = (layer: { readonly kind: string }): layer is ExactLayer =>
  layer.kind === 'activation' || layer.kind === 'max-pool'

/** y = Σ coefficients[c][k]·xᵏ for each channel c. */
export interface PolynomialLayer {
  readonly kind: 'polynomial'
  readonly id: string
  readonly sources: readonly string[]
  readonly shape: Shape
  readonly input: string
  /** One row per channel, lowest power first, all of one length (degree + 1). */
  readonly coefficients: readonly Float64Array[]
  readonly fit: FitReport
}

/** How well the polynomial stands for the original on the calibration inputs. */
export interface FitReport {
  readonly original: string
  readonly degree: number
  /** Before the weights around it were tuned. */
  readonly rootMeanSquareError: number
  /** The same of the Chebyshev interpolant over the range, which knows nothing of what inputs are usual. */
  readonly chebyshevError?: number
  /** Smallest and largest input seen over all channels. */
  readonly range: readonly [number, number]
  /** By channel: the inputs seen there. */
  readonly channelRanges?: readonly (readonly [low: number, high: number])[]
  /** Largest |input| the fit was bounded for, over the largest seen; under 1 means the fit may be left. */
  readonly rangeMargin: number
}

/**
 * The same function with linear maps and squarings only: coefficients folded into the neighbours by
 * completing the square (quadratic), or depressing (quartic: (x² + p/2)² + q·x). What the planner takes.
 */
export type SquareModel = Model<LinearLayer | SquareLayer> & {
  /** Largest |value| that each layer produced on the calibration inputs; the planner keeps it under q0 / scale. */
  readonly bounds: ReadonlyMap<string, number>
  /** Of a part of a network: what crosses the cuts before and behind it beside the input and the output. */
  readonly carried?: Carried
}

export interface Carried {
  readonly inputs: readonly NamedValue[]
  /** Layers, carried inputs, or the input itself. */
  readonly outputs: readonly string[]
}

export interface NamedValue {
  readonly id: string
  readonly shape: Shape
}

/** Square models with exact layers between them, which only an owner's refresh can compute. */
export type RefreshedModel = Model<LinearLayer | SquareLayer | ExactLayer> & Pick<SquareModel, 'bounds'>

/** y = x². */
export interface SquareLayer {
  readonly kind: 'square'
  readonly id: string
  readonly sources: readonly string[]
  readonly shape: Shape
  readonly input: string
}
