export interface PictureSize {
  readonly width: number
  readonly height: number
  /** Of a pixel, without transparency. */
  readonly channels: 1 | 3
}

/** Row by row, channels last, values 0 to 255 (fractional where the file has 16 bits per sample). */
export interface Picture extends PictureSize {
  readonly values: ArrayLike<number>
}
