import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Layout } from '../core/bundle/preprocessing.ts'
import { UserError } from '../core/errors.ts'
import { present } from '../core/must.ts'
import { sizeOf, type Shape } from '../core/network/layer-model.ts'
import { axesFor, guessAxes, offsetOf, takesFlat, type Axes } from './axes.ts'
import { decodePicture, isPicture } from './picture/decode-picture.ts'
import type { Picture, PictureSize } from './picture/picture.ts'
import { parseNpy, type NumberArray } from './npy.ts'
import { parseNpz } from './npz.ts'
import { fileProblem, readBytes } from '../files/read-file.ts'

export interface Samples {
  readonly count: number
  readonly shape: Shape
  /** Axis order found in an array; image files count as channels first. */
  readonly layout: Layout
  /** Where a sample came from: its file, or the file and its row. */
  name(index: number): string
  /**
   * Raw values of one sample, flattened [channel, row, column].
   * @throws UserError index-out-of-range, non-finite-pixels, input-out-of-range
   */
  sample(index: number): Float64Array
}

export interface ReadSamplesOptions {
  /** What the network takes. Arrays must fit it; pictures are converted to its channels. */
  readonly shape?: Shape
  /** Insist on this axis order in arrays. */
  readonly layout?: Layout
  /** Read one sample only; `count` is then 1 and `sample(0)` is that sample. */
  readonly index?: number
}

const MAX_PICTURES = 100_000
const MAX_VALUES = 256 * 1024 * 1024

/**
 * Opens .npy, .npz (array `x`), one PNG or JPEG file, or a folder of them in natural order of their names.
 * @throws UserError file-…, bad-npy, bad-npz, bad-image, image-too-large, wrong-shape, no-samples, index-out-of-range
 */
export async function readSamples(path: string, options: ReadSamplesOptions = {}): Promise<Samples> {
  const stats = await stat(path).catch((error: unknown) => {
    throw fileProblem(error, path)
  })
  if (stats.isDirectory()) return pickIndex(await pictures(path, await picturesIn(path), options), options, path)
  if (isPicture(path)) return pickIndex(await pictures(path, [path], options), options, path)
  const bytes = await readBytes(path)
  if (/\.npy$/i.test(path)) return pickIndex(rows(parseNpy(bytes, path), path, options), options, path)
  if (/\.npz$/i.test(path)) return pickIndex(rows(parseNpz(bytes, 'x', path), path, options), options, path)
  throw new UserError('unsupported-data-format', `${path} is not .npy, .npz, .png, .jpg or a folder of pictures.`, {
    where: { file: path },
  })
}

function pickIndex(samples: Samples, { index }: ReadSamplesOptions, file: string): Samples {
  if (samples.count === 0) throw new UserError('no-samples', `${file} holds no samples.`, { where: { file } })
  if (index === undefined) return samples
  if (!Number.isInteger(index) || index < 0 || index >= samples.count) {
    throw new UserError('index-out-of-range', `${file} holds samples 0 to ${samples.count - 1}, not ${index}.`, {
      where: { file },
    })
  }
  const { shape, layout } = samples
  return { count: 1, shape, layout, name: () => samples.name(index), sample: () => samples.sample(index) }
}

function rows(array: NumberArray, file: string, { shape, layout }: ReadSamplesOptions): Samples {
  const axes = shape ? axesFor(array.dims, shape, layout) : guessAxes(array.dims, layout)
  if (!axes) throw wrongShape(file, `an array of shape ${brackets(array.dims)}`, shape, layout)
  const size = sizeOf(axes.shape)
  const name = (index: number): string => `${file}[${index}]`
  const sample = (index: number): Float64Array => {
    const values = new Float64Array(size)
    for (let element = 0; element < size; element++) {
      values[element] = array.values[index * size + offsetOf(axes.shape, axes.layout, element)]
    }
    return measured(values, axes.shape, name(index), file)
  }
  return { ...(axes satisfies Axes), name, sample }
}

async function picturesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const found = names
    .filter((name) => isPicture(name))
    .sort((left, right) => left.localeCompare(right, 'en', { numeric: true }))
  if (found.length === 0 || found.length > MAX_PICTURES) {
    throw new UserError('no-samples', `${folder} holds ${found.length} PNG or JPEG files.`, { where: { file: folder } })
  }
  return found.map((name) => join(folder, name))
}

/** Decoded at once, so that a damaged file is found before long work starts. */
async function pictures(path: string, files: string[], options: ReadSamplesOptions): Promise<Samples> {
  const only = options.index !== undefined && options.index >= 0 ? files[options.index] : undefined
  const decoded: Float32Array[] = []
  let shape = options.shape
  for (const file of files) {
    if (only !== undefined && file !== only) {
      decoded.push(new Float32Array())
      continue
    }
    const picture = await decodePicture(await readBytes(file), file, (size) => {
      if (shape) checkFits(size, shape, file)
    })
    shape ??= [picture.channels, picture.height, picture.width]
    decoded.push(fitPicture(picture, shape))
    if (decoded.length * sizeOf(shape) > MAX_VALUES) {
      throw new UserError('file-too-large', `${path} holds more pixels than are read at once.`, {
        where: { file: path },
      })
    }
  }
  const name = (index: number): string => files[index]
  return {
    count: files.length,
    shape: present(shape),
    layout: 'nchw',
    name,
    sample: (index) => new Float64Array(decoded[index]),
  }
}

/** Throws UserError 'wrong-shape' where a network of this input has no use for a picture of that size. */
function checkFits({ width, height, channels }: PictureSize, shape: Shape, file: string): void {
  const [wanted, rows, columns] = takesFlat(shape, width * height) ? [1, height, width] : shape
  if (rows === height && columns === width && (wanted === 1 || wanted === 3)) return
  throw wrongShape(file, `a picture of shape ${brackets([channels, height, width])}`, shape)
}

/**
 * A picture that fits, to [channel, row, column]; colours become the luma of ITU-R BT.601 where the network takes one
 * channel, or one row of pixels.
 */
function fitPicture({ width, height, channels: stored, values }: Picture, shape: Shape): Float32Array {
  const pixels = width * height
  const channels = takesFlat(shape, pixels) ? 1 : shape[0]
  const fitted = new Float32Array(channels * pixels)
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const first = pixel * stored
      fitted[channel * pixels + pixel] =
        stored === 1
          ? values[first]
          : channels === 3
            ? values[first + channel]
            : 0.299 * values[first] + 0.587 * values[first + 1] + 0.114 * values[first + 2]
    }
  }
  return fitted
}

/** Far beyond what any sensor says; squared a few times, more would leave the finite numbers. */
const LARGEST = 1e9

function measured(values: Float64Array, [, height, width]: Shape, name: string, file: string): Float64Array {
  const bad = values.findIndex((value) => !(Math.abs(value) <= LARGEST))
  if (bad < 0) return values
  const [channel, row, column] = [Math.floor(bad / (height * width)), Math.floor(bad / width) % height, bad % width]
  const isFinite = Number.isFinite(values[bad])
  throw new UserError(
    isFinite ? 'input-out-of-range' : 'non-finite-pixels',
    `${name} holds ${values[bad]} at channel ${channel}, row ${row}, column ${column}.`,
    { where: { file }, hint: `Every value must be a ${isFinite ? 'number from −10⁹ to 10⁹' : 'finite number'}.` },
  )
}

function wrongShape(
  file: string,
  found: string,
  shape: Shape | undefined,
  layout: Layout | undefined = 'nchw',
): UserError {
  const ordered = shape && (layout === 'nchw' ? shape : [shape[1], shape[2], shape[0]])
  const wanted = ordered
    ? `the network takes samples of shape ${brackets(ordered)} (${layout})`
    : 'pictures are expected'
  return new UserError('wrong-shape', `${file} holds ${found}; ${wanted}.`, { where: { file } })
}

const brackets = (dims: readonly number[]): string => `[${dims.join(', ')}]`

/** What a sample sent over HTTP may be. */
export const SAMPLE_TYPES = {
  'application/x-npy': 'sample.npy',
  'image/png': 'sample.png',
  'image/jpeg': 'sample.jpg',
} as const

export type SampleType = keyof typeof SAMPLE_TYPES

/**
 * One sample from bytes in memory: a picture, or a .npy array with exactly one.
 * @throws UserError bad-npy, bad-image, image-too-large, wrong-shape, non-finite-pixels, input-out-of-range
 */
export async function sampleFromBytes(
  bytes: Uint8Array,
  type: SampleType,
  shape: Shape,
  layout: Layout,
): Promise<Float64Array> {
  const name = SAMPLE_TYPES[type]
  if (type !== 'application/x-npy') {
    const picture = await decodePicture(bytes, name, (size) => checkFits(size, shape, name))
    return new Float64Array(fitPicture(picture, shape))
  }
  const samples = rows(parseNpy(bytes, name), name, { shape, layout })
  if (samples.count !== 1) throw new UserError('wrong-shape', `${name} holds ${samples.count} samples instead of one.`)
  return samples.sample(0)
}
