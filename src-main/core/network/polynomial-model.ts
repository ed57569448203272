import type { ActivationLayer, LinearLayer, MaxPoolLayer, Model, Shape } from './layer-model.ts'

/** A network whose activations are polynomials, but for those that are to stay exact. */
export type PolynomialModel = Model<LinearLayer | PolynomialLayer | ExactLayer>

/** Of a polynomial, as the plan computes it: a chain of squarings. */
export type Degree = 2 | 4 | 8

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
