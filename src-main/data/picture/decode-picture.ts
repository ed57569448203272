import { UserError } from '../../core/errors.ts'
import { jpegSize, loadJpeg } from './jpeg.ts'
import type { Picture, PictureSize } from './picture.ts'
import { loadPng, pngSize } from './png.ts'

const MAX_PIXELS = 16 * 1024 * 1024

export const isPicture = (path: string): boolean => /\.(png|jpe?g)$/i.test(path)

export type DecodePicture = (bytes: Uint8Array, file: string, accept?: (size: PictureSize) => void) => Picture

let decoders: Promise<DecodePicture> | undefined

/** What decodes PNG and JPEG files once its programs are loaded; see `decodePicture`. */
export const loadDecoder = (): Promise<DecodePicture> => (decoders ??= load())

async function load(): Promise<DecodePicture> {
  const [decodePng, decodeJpeg] = [loadPng(), await loadJpeg()]
  return (bytes, file, accept = () => {}) => {
    try {
      const isPng = bytes[0] === 0x89
      const size = isPng ? pngSize(bytes) : jpegSize(bytes)
      checkPixels(size, file)
      accept(size)
      return (isPng ? decodePng : decodeJpeg)(bytes, size)
    } catch (error) {
      if (error instanceof UserError) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new UserError('bad-image', `${file} is not an intact PNG or JPEG file (${reason}).`, { where: { file } })
    }
  }
}

/**
 * Decodes a PNG or JPEG file; transparency is dropped. `accept` sees the size first and refuses by throwing: a few
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
