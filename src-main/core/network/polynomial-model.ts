import type { PlaceAxis } from './coefficient-rows.ts'
import type { ActivationLayer, LinearLayer, MaxPoolLayer, Model, Shape } from './layer-model.ts'

/** A network whose activations are polynomials, but for those that are to stay exact. */
export type PolynomialModel = Model<LinearLayer | PolynomialLayer | ExactLayer> & { readonly fitting?: FittingReport }

/** How the whole network was fitted. */
export interface FittingReport {
  /** What was done to calibration samples to have more of them: the original network keeps its labels under it. */
  readonly movements: readonly string[]
  /** Given where a channel has a polynomial for each column or row. */
  readonly by?: PlaceAxis
  /** Samples whose true classes tuning knew, where any were given. */
  readonly labelled?: number
  /** Whether tuning all weights brought it closer; left out where samples were too few to tell. */
  readonly tuned?: boolean
  /** Inputs that took no part in fits and tuning: samples where there were enough to hold some back, and mixtures that lie a little outside them. */
  readonly judged?: number
  /** Of these, how many have an output beyond ten times the range of the original's. */
  readonly far?: number
}

/** Of a polynomial, as the plan computes it: a chain of squarings. */
export type Degree = 2 | 4 | 8

/** Stays what it was: the owner computes it in the clear where the ciphertexts are refreshed. */
export type ExactLayer = ActivationLayer | MaxPoolLayer

export const isExact = (layer: { readonly kind: string }): layer is ExactLayer =>
  layer.kind === 'activation' || layer.kind === 'max-pool'

/** y = Σ coefficients[r][k]·xᵏ, where r is the channel, or with `by` the column or row of a channel. */
export interface PolynomialLayer {
  readonly kind: 'polynomial'
  readonly id: string
  readonly sources: readonly string[]
  readonly shape: Shape
  readonly input: string
  /** One row per channel (with `by` one per column or row of each channel), lowest power first, all of one length (degree + 1). */
  readonly coefficients: readonly Float64Array[]
  /** Left out where a channel has one polynomial. */
  readonly by?: PlaceAxis
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
