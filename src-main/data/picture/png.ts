import { inflateSync } from 'node:zlib'
import { decode_rgba16, initSync } from '@jsquash/png/codec/pkg/squoosh_png.js'
import { codecBytes } from './codec-bytes.ts'
import type { Picture, PictureSize } from './picture.ts'

/** Samples of a pixel by colour type: https://www.w3.org/TR/png-3/#11IHDR */
const SAMPLES_PER_PIXEL: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const HAS_COLOUR = 2
const HEADER = 8
const FIRST_CHUNK_END = 33

/** From the header, which comes first. Throws where there is none. */
export function pngSize(bytes: Uint8Array): PictureSize {
  const view = viewOf(bytes)
  if (bytes.length < FIRST_CHUNK_END || typeAt(bytes, HEADER) !== 'IHDR') throw new Error('it has no header')
  const channels = (view.getUint8(25) & HAS_COLOUR) === 0 ? 1 : 3
  return { width: view.getUint32(16), height: view.getUint32(20), channels }
}

/** Every depth, colour type and interlacing, by the Rust library `png`, which gives 16 bits a sample. */
export function loadPng(): (bytes: Uint8Array, size: PictureSize) => Picture {
  initSync(new WebAssembly.Module(codecBytes('@jsquash/png/codec/pkg/squoosh_png_bg.wasm', 'squoosh_png_bg.wasm')))
  return (bytes, size) => {
    const decoded = decode_rgba16(essentialChunks(bytes, size))
    try {
      return { ...size, values: withoutAlpha(decoded.data, size, viewOf(bytes).getUint8(24) === 16) }
    } finally {
      decoded.free()
    }
  }
}

/** Files of up to 8 bits a sample are bytes again; 257 is what spreads a byte over 16 bits. */
function withoutAlpha(rgba: Uint16Array, { width, height, channels }: PictureSize, isDeep: boolean): Picture['values'] {
  const length = width * height * channels
  const values = isDeep ? new Float32Array(length) : new Uint8Array(length)
  for (let pixel = 0, to = 0; pixel < rgba.length; pixel += 4) {
    for (let channel = 0; channel < channels; channel++) values[to++] = rgba[pixel + channel] / 257
  }
  return values
}

/**
 * The chunks that say what the pixels are, after a trial inflation bounded by what the header announces: others (text,
 * colour profiles) may unfold to gigabytes, and pixels beyond the announced ones mean a damaged file.
 */
function essentialChunks(bytes: Uint8Array, size: PictureSize): Uint8Array {
  const view = viewOf(bytes)
  const kept = [bytes.subarray(0, HEADER)]
  const pixels: Uint8Array[] = []
  for (let offset = HEADER; offset < bytes.length;) {
    const length = view.getUint32(offset)
    const end = offset + 12 + length
    const type = typeAt(bytes, offset)
    if (end > bytes.length) throw new Error('it is truncated')
    if (['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type)) kept.push(bytes.subarray(offset, end))
    if (type === 'IDAT') pixels.push(bytes.subarray(offset + 8, offset + 8 + length))
    if (type === 'IEND') break
    offset = end
  }
  inflateSync(Buffer.concat(pixels), { maxOutputLength: mostPixelBytes(view, size) })
  return Buffer.concat(kept)
}

/** Of inflated pixel data, at most: filter bytes and the padding of all seven interlace passes included. */
function mostPixelBytes(view: DataView, { width, height }: PictureSize): number {
  const bitsPerPixel = view.getUint8(24) * (SAMPLES_PER_PIXEL[view.getUint8(25)] ?? 4)
  return (Math.ceil((width * bitsPerPixel) / 8) + 16) * (height + 8) * 2
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const typeAt = (bytes: Uint8Array, chunk: number): string =>
  String.fromCharCode(...bytes.subarray(chunk + 4, chunk + 8))
