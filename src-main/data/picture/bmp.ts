import type { Picture, PictureSize } from './picture.ts'

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d

interface Header extends PictureSize {
  /** Bits of a pixel. */
  readonly depth: number
  /** Blue, green, red and a spare byte of each colour, where pixels are their numbers. */
  readonly palette?: Uint8Array
  readonly firstPixel: number
  readonly rowBytes: number
  readonly isTopDown: boolean
}

const FILE_HEADER = 14

/** https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapinfoheader */
function headerOf(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < FILE_HEADER + 40) throw new Error('it is truncated')
  const [width, height] = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))]
  const [depth, compression, firstPixel] = [
    view.getUint16(28, true),
    view.getUint32(30, true),
    view.getUint32(10, true),
  ]
  if (view.getUint32(14, true) < 40 || ![1, 4, 8, 24, 32].includes(depth) || compression !== 0) {
    throw new Error('of BMP, uncompressed pictures of 1, 4, 8, 24 and 32 bits are read')
  }
  const rowBytes = Math.ceil((width * depth) / 32) * 4
  if (width < 1 || firstPixel + rowBytes * height > bytes.length) throw new Error('it is truncated')
  const palette = depth > 8 ? undefined : paletteOf(bytes, view, depth)
  const channels = palette && isGray(palette) ? 1 : 3
  const isTopDown = view.getInt32(22, true) < 0
  return { width, height, channels, depth, firstPixel, rowBytes, isTopDown, ...(palette && { palette }) }
}

/** As many colours as pixels can name; those that the file leaves out are black. */
function paletteOf(bytes: Uint8Array, view: DataView, depth: number): Uint8Array {
  const first = FILE_HEADER + view.getUint32(14, true)
  const colours = Math.min(view.getUint32(46, true) || 2 ** depth, 2 ** depth)
  const palette = new Uint8Array(4 * 2 ** depth)
  palette.set(bytes.subarray(first, first + 4 * colours))
  return palette
}

const isGray = (palette: Uint8Array): boolean =>
  palette.every((value, at) => at % 4 === 3 || value === palette[at - (at % 4)])

/** Throws where it is no such picture. */
export const bmpSize = (bytes: Uint8Array): PictureSize => {
  const { width, height, channels } = headerOf(bytes)
  return { width, height, channels }
}

/** Pixels [H, W, C], the first row on top, in the order red, green, blue. @throws Error in words for people if it is damaged */
export function decodeBmp(bytes: Uint8Array, size: PictureSize): Picture {
  const { width, height, channels } = size
  const { depth, palette, firstPixel, rowBytes, isTopDown } = headerOf(bytes)
  const values = new Uint8Array(width * height * channels)
  for (let row = 0, to = 0; row < height; row++) {
    const start = firstPixel + rowBytes * (isTopDown ? row : height - 1 - row)
    for (let column = 0; column < width; column++) {
      const bit = column * depth
      const at = start + (bit >> 3)
      const entry = palette ? ((bytes[at] >> (8 - depth - (bit & 7))) & (2 ** depth - 1)) * 4 : at
      const colours = palette ?? bytes
      for (let channel = channels - 1; channel >= 0; channel--) values[to++] = colours[entry + channel]
    }
  }
  return { ...size, values }
}
