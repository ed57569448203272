import loadLibjpeg, { type Libjpeg } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'
import { codecBytes } from './codec-bytes.ts'
import type { Picture, PictureSize } from './picture.ts'

/** Markers by their second byte: ITU-T T.81, table B.1. */
const START_OF_IMAGE = 0xd8
const START_OF_SCAN = 0xda
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** From the frame header, the first of the file as for libjpeg. Throws where there is none. */
export function jpegSize(bytes: Uint8Array): PictureSize {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== 0xff00 + START_OF_IMAGE) throw new Error('it does not begin as one')
  for (let at = 2; at + 10 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw new Error('a marker is expected where there is none')
    const marker = bytes[at + 1]
    if (marker === 0xff) at += 1
    else if (marker === START_OF_SCAN) break
    else if (isFrame(marker)) return sizeOfFrame(view, at + 5, bytes[at + 9])
    else at += 2 + view.getUint16(at + 2)
  }
  throw new Error('it has no frame header')
}

function sizeOfFrame(view: DataView, at: number, components: number): PictureSize {
  if (components === 4) throw new Error('it is CMYK, for printing: convert it to RGB, as Pillow’s convert("RGB") does')
  if (components !== 1 && components !== 3) throw new Error(`it has ${components} components; 1 or 3 are read`)
  return { width: view.getUint16(at + 2), height: view.getUint16(at), channels: components }
}

/** By libjpeg-turbo: the colour transform follows the markers, and the chroma is upsampled as libjpeg does it. */
function decodeJpeg(libjpeg: Libjpeg, bytes: Uint8Array, size: PictureSize): Picture {
  const decoder = new libjpeg.JPEGDecoder()
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes)
    decoder.decode()
    const { width, height, componentCount } = decoder.getFrameInfo()
    if (width !== size.width || height !== size.height || componentCount !== size.channels) {
      throw new Error('it holds more than one picture')
    }
    return { ...size, values: decoder.getDecodedBuffer().slice() }
  } catch (error) {
    // A C++ exception arrives as its address.
    throw typeof error === 'number' ? new Error('it is damaged or truncated', { cause: error }) : error
  } finally {
    decoder.delete()
  }
}

/** A decoder to pixels [H, W, C], which throws an Error in words for people if a picture is damaged. */
export async function loadJpeg(): Promise<(bytes: Uint8Array, size: PictureSize) => Picture> {
  const libjpeg = await loadLibjpeg({
    wasmBinary: codecBytes('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm', 'libjpegturbowasm_decode.wasm'),
    print() {},
    printErr() {},
  })
  return (bytes, size) => decodeJpeg(libjpeg, bytes, size)
}
