import { UserError } from '../../core/errors.ts'
import { decodeJpeg, jpegSize } from './jpeg.ts'
import type { Picture, PictureSize } from './picture.ts'
import { decodePng, pngSize } from './png.ts'

const MAX_PIXELS = 16 * 1024 * 1024

export const isPicture = (path: string): boolean => /\.(png|jpe?g)$/i.test(path)

/**
 * Decodes a PNG or JPEG file; transparency is dropped. `accept` sees the size first and refuses by throwing: a few
 * kilobytes may unfold to millions of pixels, so nothing is decoded that nobody can use.
 * @throws UserError bad-image, image-too-large, and what `accept` throws
 */
export async function decodePicture(
  bytes: Uint8Array,
  file: string,
  accept: (size: PictureSize) => void = () => {},
): Promise<Picture> {
  try {
    const isPng = bytes[0] === 0x89
    const size = isPng ? pngSize(bytes) : jpegSize(bytes)
    checkPixels(size, file)
    accept(size)
    return await (isPng ? decodePng(bytes, size) : decodeJpeg(bytes, size))
  } catch (error) {
    if (error instanceof UserError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new UserError('bad-image', `${file} is not an intact PNG or JPEG file (${reason}).`, { where: { file } })
  }
}

function checkPixels({ width, height }: PictureSize, file: string): void {
  if (width * height > 0 && width * height <= MAX_PIXELS) return
  throw new UserError('image-too-large', `${file} is ${width} × ${height} pixels; at most ${MAX_PIXELS} are read.`, {
    where: { file },
  })
}
