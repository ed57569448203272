import { readFileSync } from 'node:fs'
import type { Framing } from '../core/bundle/preprocessing.ts'
import { UserError } from '../core/errors.ts'
import { present } from '../core/must.ts'
import { sizeOf, type Shape } from '../core/network/layer-model.ts'
import { stepCounter, throwIfCancelled } from '../core/progress.ts'
import { fileProblem, readBytes } from '../files/read-file.ts'
import { takesFlat } from './axes.ts'
import { loadDecoder } from './picture/decode-picture.ts'
import type { Picture, PictureSize } from './picture/picture.ts'
import { framed, framedSize } from './picture/resize.ts'
import { brackets, wrongShape, type ReadSamplesOptions, type Samples } from './samples.ts'

/** One picture of several, still encoded. */
export interface PictureFile {
  readonly name: string
  /** Bytes of the file, where it is not one on disk. */
  readonly bytes?: Uint8Array
}

/** Decoded pictures up to this many bytes are kept; more are decoded again when they are used. */
const MOST_HELD_BYTES = 64 * 2 ** 20
/** With fewer, nobody waits. */
const REPORTED_PICTURES = 500

/**
 * Pictures as samples. Each is decoded at once, so that a damaged file is found before long work starts.
 * @throws UserError file-…, bad-image, image-too-large, wrong-shape; CancelledError
 */
export async function pictureSamples(files: readonly PictureFile[], options: ReadSamplesOptions): Promise<Samples> {
  const decode = await loadDecoder()
  const { work = { progress: () => {} } } = options
  let shape = options.shape
  const decoded = ({ name }: PictureFile, bytes: Uint8Array): Stored => {
    const picture = framed(
      decode(bytes, name, (size) => checkFits(size, shape, name, options)),
      options,
    )
    shape ??= [picture.channels, picture.height, picture.width]
    return fitPicture(picture, shape)
  }
  const only = options.index === undefined ? undefined : files[options.index]
  const step = files.length >= REPORTED_PICTURES && !only ? stepCounter(work, 'read', files.length) : () => {}
  const held: (Stored | undefined)[] = []
  let heldBytes = 0
  for (const file of files) {
    throwIfCancelled(work)
    if (only === undefined || file === only) {
      const values = decoded(file, file.bytes ?? (await readBytes(file.name)))
      heldBytes += values.byteLength
      held.push(heldBytes <= MOST_HELD_BYTES ? values : undefined)
    } else held.push(undefined)
    step()
  }
  const found = present(shape)
  return {
    count: files.length,
    shape: found,
    layout: 'nchw',
    warnings: [],
    name: (index) => files[index].name,
    sample: (index) => new Float64Array(held[index] ?? decoded(files[index], bytesOf(files[index]))),
  }
}

function bytesOf({ name, bytes }: PictureFile): Uint8Array {
  try {
    return bytes ?? readFileSync(name)
  } catch (error) {
    throw fileProblem(error, name)
  }
}

type Stored = Uint8Array | Float32Array

/** @throws UserError wrong-shape where a network of this input has no use for a picture of that size */
export function checkFits(size: PictureSize, shape: Shape | undefined, file: string, framing: Framing): void {
  const found = framedSize(size, framing)
  if (!found) {
    const shown = `${size.height} × ${size.width}`
    throw new UserError('wrong-shape', `${file} is ${shown} pixels before it is cropped, smaller than the crop.`, {
      where: { file },
    })
  }
  if (!shape) return
  const { width, height, channels } = found
  const [wanted, rows, columns] = takesFlat(shape, width * height) ? [1, height, width] : shape
  if (rows === height && columns === width && (wanted === 1 || wanted === 3)) return
  const hint = `Resize as your training did, for example --resize ${rows} or --resize ${Math.round((rows * 8) / 7)} --crop ${rows},${columns}.`
  throw wrongShape(file, `a picture of shape ${brackets([channels, height, width])}`, shape, undefined, hint)
}

/**
 * A picture that fits, to [channel, row, column]; colours become the luma of ITU-R BT.601 where the network takes one
 * channel, or one row of pixels. Bytes stay bytes.
 */
export function fitPicture({ width, height, channels: stored, values }: Picture, shape: Shape): Stored {
  const pixels = width * height
  const channels = takesFlat(shape, pixels) ? 1 : shape[0]
  const isExact = values instanceof Uint8Array && !(stored === 3 && channels === 1)
  const fitted = isExact ? new Uint8Array(sizeOf([channels, height, width])) : new Float32Array(channels * pixels)
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
