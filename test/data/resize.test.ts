import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodePicture } from '../../src-main/data/picture/decode-picture.ts'
import type { Framing } from '../../src-main/core/bundle/preprocessing.ts'
import { framed, framedSize } from '../../src-main/data/picture/resize.ts'

const vector = async (name: string) =>
  await decodePicture(await readFile(join(import.meta.dirname, '../vectors/pictures', `${name}.png`)), name)

describe('resizing and cropping', () => {
  it.each<[string, Framing]>([
    ['resize-5x7', { resize: [5, 7] }],
    ['resize-20x23', { resize: [20, 23] }],
    ['resize-9-crop-8', { resize: [9], crop: [8, 8] }],
  ])('%s is what Pillow and torchvision do', async (name, framing) => {
    const [picture, expected] = [await vector('resize'), await vector(name)]
    const found = framed(picture, framing)
    expect(framedSize(picture, framing)).toEqual({ width: expected.width, height: expected.height, channels: 3 })
    expect(Array.from(found.values)).toEqual(Array.from(expected.values))
  })

  it('of gray pictures with 16 bits rounds nothing', () => {
    const picture = { width: 2, height: 1, channels: 1 as const, values: Float32Array.of(0, 0.5) }
    expect(Array.from(framed(picture, { resize: [1, 1] }).values)).toEqual([0.25])
  })

  it('cannot cut out more than there is', () => {
    expect(framedSize({ width: 9, height: 5, channels: 1 }, { crop: [6, 6] })).toBeUndefined()
  })
})
