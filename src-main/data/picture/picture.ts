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

export interface PictureFormat {
  readonly isOne: (bytes: Uint8Array) => boolean
  /** Of a header. Throws an Error with the reason where there is none. */
  readonly size: (bytes: Uint8Array) => PictureSize
  readonly decode: (bytes: Uint8Array, size: PictureSize) => Picture
}

/** The first channels of each pixel of four bytes. */
export function withoutAlpha(rgba: ArrayLike<number>, { width, height, channels }: PictureSize): Uint8Array {
  const values = new Uint8Array(width * height * channels)
  for (let pixel = 0, to = 0; to < values.length; pixel += 4) {
    for (let channel = 0; channel < channels; channel++) values[to++] = rgba[pixel + channel]
  }
  return values
}
