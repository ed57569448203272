import type { Framing } from '../../core/bundle/preprocessing.ts'
import type { Picture, PictureSize } from './picture.ts'

/** The size that comes out, as torchvision's `Resize` and `CenterCrop` have it; undefined where there is too little to crop. */
export function framedSize(size: PictureSize, { resize, crop }: Framing): PictureSize | undefined {
  const [height, width] = resize ? resizedTo(size, resize) : [size.height, size.width]
  const { channels } = size
  if (!crop) return { height, width, channels }
  return crop[0] <= height && crop[1] <= width ? { height: crop[0], width: crop[1], channels } : undefined
}

/** Resizes, then cuts out the centre. */
export function framed(picture: Picture, { resize, crop }: Framing): Picture {
  const resized = resize ? resizedPicture(picture, ...resizedTo(picture, resize)) : picture
  return crop ? cropped(resized, crop) : resized
}

function resizedTo({ height, width }: PictureSize, resize: readonly number[]): [height: number, width: number] {
  if (resize.length === 2) return [resize[0], resize[1]]
  const [shorter] = resize
  const longer = Math.floor((shorter * Math.max(height, width)) / Math.min(height, width))
  return height <= width ? [shorter, longer] : [longer, shorter]
}

function cropped(picture: Picture, [height, width]: readonly number[]): Picture {
  const { channels, values } = picture
  const [top, left] = [evenHalf(picture.height - height), evenHalf(picture.width - width)]
  const cut =
    values instanceof Uint8Array
      ? new Uint8Array(height * width * channels)
      : new Float32Array(height * width * channels)
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * picture.width + left) * channels
    for (let at = 0; at < width * channels; at++) cut[row * width * channels + at] = values[from + at]
  }
  return { height, width, channels, values: cut }
}

/** Half of a difference; of an odd one the even neighbour, as Python rounds. */
const evenHalf = (difference: number): number => {
  const down = Math.floor(difference / 2)
  return difference % 2 === 0 || down % 2 === 0 ? down : down + 1
}

/**
 * Bilinear with a filter that widens as the picture shrinks: what Pillow does, and with it torchvision and most training scripts.
 * Rows first, then columns; pictures of bytes are rounded to bytes after each.
 */
function resizedPicture(picture: Picture, height: number, width: number): Picture {
  const { channels } = picture
  const across = resampled(picture.values, picture.height, picture.width, width, channels)
  const turned = transposed(across, picture.height, width, channels)
  const down = resampled(turned, width, picture.height, height, channels)
  return { height, width, channels, values: transposed(down, width, height, channels) }
}

type Values = Uint8Array | Float32Array
const like = (values: ArrayLike<number>, length: number): Values =>
  values instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)

function transposed(values: ArrayLike<number>, rows: number, columns: number, channels: number): Values {
  const turned = like(values, rows * columns * channels)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let channel = 0; channel < channels; channel++) {
        turned[(column * rows + row) * channels + channel] = values[(row * columns + column) * channels + channel]
      }
    }
  }
  return turned
}

/** Pillow's weights for bytes are whole numbers of this unit, which decides what becomes of halves. */
const UNIT = 2 ** 22

/** Each row of `from` pixels as one of `to`. */
function resampled(values: ArrayLike<number>, rows: number, from: number, to: number, channels: number): Values {
  const output = like(values, rows * to * channels)
  const isBytes = output instanceof Uint8Array
  const taps = tapsOf(from, to).map(({ first, weights }) =>
    isBytes ? { first, weights: weights.map((weight) => Math.floor(weight * UNIT + 0.5)) } : { first, weights },
  )
  for (let row = 0; row < rows; row++) {
    for (const [column, { first, weights }] of taps.entries()) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = isBytes ? UNIT / 2 : 0
        for (let tap = 0; tap < weights.length; tap++) {
          sum += weights[tap] * values[(row * from + first + tap) * channels + channel]
        }
        output[(row * to + column) * channels + channel] = isBytes ? Math.floor(sum / UNIT) : sum
      }
    }
  }
  return output
}

interface Taps {
  readonly first: number
  readonly weights: readonly number[]
}

function tapsOf(from: number, to: number): Taps[] {
  const scale = from / to
  const reach = Math.max(scale, 1)
  return Array.from({ length: to }, (_, column) => {
    const centre = (column + 0.5) * scale
    const first = Math.max(0, Math.floor(centre - reach + 0.5))
    const end = Math.min(from, Math.floor(centre + reach + 0.5))
    const raw = Array.from({ length: end - first }, (_, tap) =>
      Math.max(0, 1 - Math.abs((first + tap - centre + 0.5) / reach)),
    )
    const total = raw.reduce((sum, weight) => sum + weight, 0)
    return { first, weights: raw.map((weight) => weight / total) }
  })
}
