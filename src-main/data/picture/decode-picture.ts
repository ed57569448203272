import { UserError } from '../../core/errors.ts'
import { foreignData } from '../foreign-data.ts'
import { jpegSize, loadJpeg } from './jpeg.ts'
import { loadOtherFormats } from './other-formats.ts'
import type { Picture, PictureFormat, PictureSize } from './picture.ts'
import { loadPng, pngSize } from './png.ts'

const MAX_PIXELS = 16 * 1024 * 1024

/** By its name; what is in it decides how it is read. */
export const isPicture = (path: string): boolean => /\.(png|jpe?g|webp|bmp)$/i.test(path)

export type DecodePicture = (bytes: Uint8Array, file: string, accept?: (size: PictureSize) => void) => Picture

let decoders: Promise<DecodePicture> | undefined

/** What decodes pictures once its programs are loaded; see `decodePicture`. */
export const loadDecoder = (): Promise<DecodePicture> => (decoders ??= load())

async function load(): Promise<DecodePicture> {
  const png = { isOne: (bytes: Uint8Array) => bytes[0] === 0x89, size: pngSize, decode: loadPng() }
  const jpeg = { isOne: (bytes: Uint8Array) => bytes[0] === 0xff, size: jpegSize, decode: await loadJpeg() }
  const formats: readonly PictureFormat[] = [png, jpeg, ...(await loadOtherFormats())]
  return (bytes, file, accept = () => {}) => {
    const format = formats.find(({ isOne }) => isOne(bytes))
    if (!format) throw noPicture(bytes, file)
    try {
      const size = format.size(bytes)
      checkPixels(size, file)
      accept(size)
      return format.decode(bytes, size)
    } catch (error) {
      if (error instanceof UserError) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new UserError('bad-image', `${file} is not an intact picture (${reason}).`, { where: { file } })
    }
  }
}

function noPicture(bytes: Uint8Array, file: string): UserError {
  const foreign = foreignData(bytes.subarray(0, 512))
  const found = foreign ? `is ${foreign.what}, not` : 'is not'
  return new UserError('bad-image', `${file} ${found} a picture in PNG, JPEG, WebP or BMP.`, {
    where: { file },
    ...(foreign && { hint: foreign.hint }),
  })
}

/**
 * Decodes a PNG, JPEG, WebP or BMP file, whatever its name; transparency is dropped. `accept` sees the size first and refuses by throwing: a few
 * kilobytes may unfold to millions of pixels, so nothing is decoded that nobody can use.
 * @throws UserError bad-image, image-too-large, and what `accept` throws
 */
export const decodePicture = async (...picture: Parameters<DecodePicture>): Promise<Picture> =>
  (await loadDecoder())(...picture)

function checkPixels({ width, height }: PictureSize, file: string): void {
  if (width * height > 0 && width * height <= MAX_PIXELS) return
  throw new UserError('image-too-large', `${file} is ${width} × ${height} pixels; at most ${MAX_PIXELS} are read.`, {
    where: { file },
  })
}
