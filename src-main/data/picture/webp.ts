import loadLibwebp from '@jsquash/webp/codec/dec/webp_dec.js'
import { codecBytes } from './codec-bytes.ts'
import { withoutAlpha, type Picture, type PictureSize } from './picture.ts'

const ANIMATED = 0x02

export const isWebp = (bytes: Uint8Array): boolean => tagAt(bytes, 0) === 'RIFF' && tagAt(bytes, 8) === 'WEBP'

/** From the first chunk: https://developers.google.com/speed/webp/docs/riff_container. Throws where there is none. */
export function webpSize(bytes: Uint8Array): PictureSize {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 30) throw new Error('it is truncated')
  const low14 = 0x3fff
  switch (tagAt(bytes, 12)) {
    case 'VP8 ':
      return { width: view.getUint16(26, true) & low14, height: view.getUint16(28, true) & low14, channels: 3 }
    case 'VP8L': {
      const sizes = view.getUint32(21, true)
      return { width: (sizes & low14) + 1, height: ((sizes >> 14) & low14) + 1, channels: 3 }
    }
    case 'VP8X': {
      if ((bytes[20] & ANIMATED) !== 0) throw new Error('it is animated; save one picture of it')
      const of24Bits = (at: number): number => view.getUint32(at, true) & 0xffffff
      return { width: of24Bits(24) + 1, height: (of24Bits(26) >> 8) + 1, channels: 3 }
    }
    default:
      throw new Error('it does not begin as one')
  }
}

/** Lossy and lossless, by libwebp. */
export async function loadWebp(): Promise<(bytes: Uint8Array, size: PictureSize) => Picture> {
  const wasmBinary = codecBytes('@jsquash/webp/codec/dec/webp_dec.wasm', 'webp_dec.wasm')
  Object.assign(globalThis, { ImageData: DecodedImage })
  const libwebp = await loadLibwebp({ wasmBinary })
  return (bytes, size) => {
    const decoded = libwebp.decode(bytes)
    if (decoded?.width !== size.width || decoded.height !== size.height) throw new Error('it is damaged or truncated')
    return { ...size, values: withoutAlpha(decoded.data, size) }
  }
}

/** The class of browsers that the build makes its results with. */
class DecodedImage {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data
    this.width = width
    this.height = height
  }
}

const tagAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4))
