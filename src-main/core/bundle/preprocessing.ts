/**
 * How raw pixels become what the network takes: value × scale, then (… − mean[channel]) / std[channel].
 * Recorded in the bundle, so that the edge does to its input what the owner did to the calibration data.
 */
export interface Preprocessing extends Framing {
  readonly scale: number
  /** One value for all channels, or one per channel. */
  readonly mean: readonly number[]
  /** One positive value for all channels, or one per channel. */
  readonly std: readonly number[]
  /** Axis order of arrays (.npy, .npz); image files know their own. */
  readonly layout: Layout
}

/** What is done to a picture before its values are; arrays stay as they are. */
export interface Framing {
  /** Pixels of the shorter side, or height and width. */
  readonly resize?: readonly number[]
  /** Height and width of what is cut out of the centre, after resizing. */
  readonly crop?: readonly number[]
}

export type Layout = 'nchw' | 'nhwc'

export const NO_PREPROCESSING: Preprocessing = { scale: 1, mean: [0], std: [1], layout: 'nchw' }
