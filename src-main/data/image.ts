import { inflateSync } from 'node:zlib'
import { decode as decodePng, convertIndexedToRgb, type DecodedPng } from 'fast-png'
import jpeg from 'jpeg-js'
import { UserError } from '../core/errors.ts'

/** Row by row, channels last, values 0 to 255 (fractional where the file has 16 bits per sample). */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly values: ArrayLike<number>
}

const MAX_PIXELS = 16 * 1024 * 1024
const SAMPLES_PER_PIXEL: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

export const isPicture = (path: string): boolean => /\.(png|jpe?g)$/i.test(path)

/**
 * Decodes a PNG or JPEG file; transparency is dropped.
 * @throws UserError bad-image, image-too-large
 */
export function decodePicture(bytes: Uint8Array, file: string): Picture {
  try {
    return bytes[0] === 0x89 ? pngPicture(bytes, file) : jpegPicture(bytes)
  } catch (error) {
    if (error instanceof UserError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new UserError('bad-image', `${file} is not an intact PNG or JPEG file (${reason}).`, { where: { file } })
  }
}

function jpegPicture(bytes: Uint8Array): Picture {
  const { width, height, data } = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_PIXELS / 1e6,
    maxMemoryUsageInMB: 512,
  })
  return { width, height, channels: 3, values: data }
}

function pngPicture(bytes: Uint8Array, file: string): Picture {
  const png = decodePng(essentialPng(bytes, file), { checkCrc: true })
  const { width, height } = png
  if (png.palette) {
    const values = convertIndexedToRgb(png)
    return { width, height, channels: 3, values: dropAlpha(values, png.palette[0].length, 3) }
  }
  const channels = png.channels < 3 ? 1 : 3
  return { width, height, channels, values: dropAlpha(eightBit(png), png.channels, channels) }
}

/** Samples of 16, 4, 2 or 1 bits, stretched to 0…255. */
function eightBit(png: DecodedPng): ArrayLike<number> {
  if (png.depth === 8) return png.data
  if (png.depth === 16) return Float32Array.from(png.data, (value) => value / 257)
  const samplesPerByte = 8 / png.depth
  const rowBytes = Math.ceil(png.width / samplesPerByte)
  const most = 2 ** png.depth - 1
  return Float32Array.from({ length: png.width * png.height }, (_, index) => {
    const [row, column] = [Math.floor(index / png.width), index % png.width]
    const shift = 8 - png.depth * ((column % samplesPerByte) + 1)
    return (((png.data[row * rowBytes + Math.floor(column / samplesPerByte)] >> shift) & most) * 255) / most
  })
}

function dropAlpha(values: ArrayLike<number>, stored: number, kept: 1 | 3): ArrayLike<number> {
  if (stored === kept) return values
  const pixels = values.length / stored
  return Float32Array.from(
    { length: pixels * kept },
    (_, index) => values[Math.floor(index / kept) * stored + (index % kept)],
  )
}

/**
 * The chunks a decoder needs and no others, after a trial inflation bounded by what the header announces:
 * a PNG of a few kilobytes may otherwise unfold to gigabytes, in its pixels or in a text or colour profile.
 */
function essentialPng(bytes: Uint8Array, file: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kept = [bytes.subarray(0, 8)]
  const pixels: Uint8Array[] = []
  let most = 0
  for (let offset = 8; offset < bytes.length;) {
    const length = view.getUint32(offset)
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8))
    if (offset + 12 + length > bytes.length) throw new Error('it is truncated')
    if (['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type)) kept.push(bytes.subarray(offset, offset + 12 + length))
    if (type === 'IHDR') most = pixelBytes(view, offset + 8, file)
    if (type === 'IDAT') pixels.push(bytes.subarray(offset + 8, offset + 8 + length))
    if (type === 'IEND') break
    offset += 12 + length
  }
  if (most === 0) throw new Error('it has no header')
  inflateSync(Buffer.concat(pixels), { maxOutputLength: most })
  return Buffer.concat(kept)
}

/** Upper bound of the inflated pixel data: filter bytes and the padding of all seven interlace passes included. */
function pixelBytes(view: DataView, header: number, file: string): number {
  const [width, height] = [view.getUint32(header), view.getUint32(header + 4)]
  const bitsPerPixel = view.getUint8(header + 8) * (SAMPLES_PER_PIXEL[view.getUint8(header + 9)] ?? 4)
  if (width * height > MAX_PIXELS || width * height === 0) {
    throw new UserError('image-too-large', `${file} is ${width} × ${height} pixels; at most ${MAX_PIXELS} are read.`, {
      where: { file },
    })
  }
  return (Math.ceil((width * bitsPerPixel) / 8) + 16) * (height + 8) * 2
}
