import { crc32, deflateSync } from 'node:zlib'

/** Samples of `bitDepth` bits, row by row; several of a pixel side by side. */
export interface PngSource {
  readonly width: number
  readonly height: number
  readonly bitDepth: 1 | 2 | 4 | 8 | 16
  /** 0 gray, 2 colour, 3 palette, 4 gray and alpha, 6 colour and alpha. */
  readonly colourType: 0 | 2 | 3 | 4 | 6
  readonly samples: ArrayLike<number>
  /** Three values of 8 bits for each entry. */
  readonly palette?: Uint8Array
  readonly interlaced?: boolean
}

/** First column and row, and the distance to the next, of Adam7's passes: https://www.w3.org/TR/png-3/#8InterlaceMethods */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
]
export const SAMPLES_PER_PIXEL = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const

/** A PNG file of any kind, for what the usual encoders do not write. */
export function writePng(source: PngSource): Buffer {
  const { width, height, bitDepth, colourType, palette, interlaced = false } = source
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([bitDepth, colourType, 0, 0, interlaced ? 1 : 0], 8)
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1]]
  const pixels = Buffer.concat(passes.map(([x, y, dx, dy]) => pass(source, x, y, dx, dy)))
  return file(header, pixels, palette)
}

/** One colour, transparent black; a small file of any number of pixels, with 16 bits for each of four samples. */
export function writeBlankPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([16, 6], 8)
  return file(header, Buffer.alloc((1 + 8 * width) * height))
}

const file = (header: Buffer, pixels: Buffer, palette?: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', new Uint8Array()),
  ])

/** The filtered rows of every `dx`-th pixel of every `dy`-th row; the filter's type changes from row to row. */
function pass(source: PngSource, x: number, y: number, dx: number, dy: number): Buffer {
  const { width, height, bitDepth, colourType } = source
  const perPixel = SAMPLES_PER_PIXEL[colourType]
  const columns = Math.max(0, Math.ceil((width - x) / dx))
  const distance = Math.max(1, (perPixel * bitDepth) / 8)
  const rowBytes = Math.ceil((columns * perPixel * bitDepth) / 8)
  const rows: Buffer[] = []
  let above = Buffer.alloc(rowBytes)
  for (let row = y; row < height && columns > 0; row += dy) {
    const bytes = Buffer.alloc(rowBytes)
    for (let index = 0; index < columns * perPixel; index++) {
      const column = x + dx * Math.floor(index / perPixel)
      put(bytes, index, bitDepth, source.samples[(row * width + column) * perPixel + (index % perPixel)])
    }
    const type = rows.length % 5
    const filtered = bytes.map(
      (byte, i) => byte - predicted(type, bytes[i - distance] ?? 0, above[i], above[i - distance] ?? 0),
    )
    rows.push(Buffer.from([type, ...filtered]))
    above = bytes
  }
  return Buffer.concat(rows)
}

function put(bytes: Buffer, index: number, bitDepth: number, value: number): void {
  if (bitDepth === 16) bytes.writeUInt16BE(value, 2 * index)
  else bytes[Math.floor((index * bitDepth) / 8)] |= value << (8 - bitDepth - ((index * bitDepth) % 8))
}

/** https://www.w3.org/TR/png-3/#9Filters */
function predicted(type: number, left: number, up: number, upLeft: number): number {
  if (type < 3) return [0, left, up][type]
  if (type === 3) return (left + up) >> 1
  const [a, b, c] = [left, up, upLeft].map((value) => Math.abs(left + up - upLeft - value))
  return a <= b && a <= c ? left : b <= c ? up : upLeft
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
}
