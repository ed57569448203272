import { bmpSize, decodeBmp, isBmp } from './bmp.ts'
import type { PictureFormat } from './picture.ts'
import { isWebp, loadWebp, webpSize } from './webp.ts'

/** What training data is kept in besides PNG and JPEG. */
export const loadOtherFormats = async (): Promise<readonly PictureFormat[]> => [
  { isOne: isWebp, size: webpSize, decode: await loadWebp() },
  { isOne: isBmp, size: bmpSize, decode: decodeBmp },
]
