/**
 * How raw pixels become what the network takes: value × scale, then (… − mean[channel]) / std[channel].
 * Recorded in the bundle, so that the edge does to its input what the owner did to the calibration data.
 */
export interface Preprocessing {
  readonly scale: number
  /** One value for all channels, or one per channel. */
  readonly mean: readonly number[]
  /** One positive value for all channels, or one per channel. */
  readonly std: readonly number[]
  /** Axis order of arrays (.npy, .npz); image files know their own. */
  readonly layout: Layout
}

export type Layout = 'nchw' | 'nhwc'

export const NO_PREPROCESSING: Preprocessing = { scale: 1, mean: [0], std: [1], layout: 'nchw' }
