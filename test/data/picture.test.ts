import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { decodePicture } from '../../src-main/data/picture/decode-picture.ts'
import { SAMPLES_PER_PIXEL, writePng, type PngSource } from '../support/png.ts'

const vector = (name: string): Promise<Buffer> => readFile(join(import.meta.dirname, '../vectors/pictures', name))

describe('JPEG pictures', () => {
  it.each(['chroma-420', 'chroma-422-progressive', 'rgb-marker-0', 'gray'])(
    '%s gives the pixels of libjpeg',
    async (name) => {
      const decoded = await decodePicture(await vector(`${name}.jpg`), name)
      const expected = await decodePicture(await vector(`${name}.png`), name)
      expect(decoded).toMatchObject({ width: 23, height: 17, channels: name === 'gray' ? 1 : 3 })
      expect([...Array.from(decoded.values)]).toEqual([...Array.from(expected.values)])
    },
  )

  it('that are cut or no JPEG are refused, and the next one is read', async () => {
    const intact = await vector('chroma-420.jpg')
    for (const length of [2, 3, 20, 200, intact.length - 100]) {
      await expect(decodePicture(intact.subarray(0, length), 'cut.jpg')).rejects.toMatchObject({ code: 'bad-image' })
    }
    await expect(decodePicture(intact, 'intact.jpg')).resolves.toMatchObject({ width: 23 })
  })

  it('of four components are refused with the reason', async () => {
    const bytes = Buffer.from(await vector('chroma-420.jpg'))
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]))
    bytes[frame + 9] = 4
    await expect(decodePicture(bytes, 'cmyk.jpg')).rejects.toThrow('it is CMYK, for printing')
  })
})

describe('WebP and BMP pictures', () => {
  const files = [
    'lossy.webp',
    'lossless-alpha.webp',
    'palette.bmp',
    'gray.bmp',
    'one-bit.bmp',
    'four-bits.bmp',
    'top-down.bmp',
    'gap.bmp',
  ]

  it.each(files)('%s gives the pixels that Pillow reads, whatever its name', async (name) => {
    const decoded = await decodePicture(await vector(name), 'misnamed.jpg')
    expect(decoded).toEqual(await decodePicture(await vector(`${name.replace('.', '-')}.png`), name))
  })

  it.each(files)('%s is refused where it is cut', async (name) => {
    const intact = await vector(name)
    for (const length of [2, 12, 29, 50, intact.length - 9]) {
      await expect(decodePicture(intact.subarray(0, length), name)).rejects.toMatchObject({ code: 'bad-image' })
    }
  })

  it('are too large by their headers before anything is decoded', async () => {
    const webp = Buffer.from(await vector('lossy.webp'))
    webp.writeUInt32LE(0x3fff3fff, 26)
    await expect(decodePicture(webp, 'large.webp')).rejects.toMatchObject({ code: 'image-too-large' })
  })

  it('of another format are named', async () => {
    const tiff = Buffer.from('II*\0\x08\0\0\0', 'latin1')
    await expect(decodePicture(tiff, 'x.png')).rejects.toThrow('x.png is a TIFF picture, not a picture in PNG')
  })
})

describe('PNG pictures', () => {
  const kinds = [
    [0, [1, 2, 4, 8, 16]],
    [2, [8, 16]],
    [3, [1, 2, 4, 8]],
    [4, [8, 16]],
    [6, [8, 16]],
  ] as const
  const sources: fc.Arbitrary<PngSource> = fc
    .constantFrom(...kinds.flatMap(([colourType, depths]) => depths.map((bitDepth) => ({ colourType, bitDepth }))))
    .chain(({ colourType, bitDepth }) =>
      fc
        .record({
          width: fc.integer({ min: 1, max: 19 }),
          height: fc.integer({ min: 1, max: 19 }),
          interlaced: fc.boolean(),
          seed: fc.array(fc.integer({ min: 0, max: 2 ** bitDepth - 1 }), { minLength: 1, maxLength: 97 }),
        })
        .map(({ seed, ...rest }) => {
          const length = rest.width * rest.height * SAMPLES_PER_PIXEL[colourType]
          const samples = Array.from({ length }, (_, i) => (seed[i % seed.length] + i) % 2 ** bitDepth)
          const palette = Uint8Array.from({ length: 3 * 2 ** bitDepth }, (_, i) => (i * 151) % 256)
          return { ...rest, colourType, bitDepth, samples, ...(colourType === 3 && { palette }) }
        }),
    )

  /** What the file says, without the alpha channel. */
  function pixelsOf({ colourType, bitDepth, samples, palette }: PngSource): number[] {
    if (palette) return Array.from(samples).flatMap((entry) => [...palette.subarray(3 * entry, 3 * entry + 3)])
    const perPixel = SAMPLES_PER_PIXEL[colourType]
    const kept = perPixel < 3 ? 1 : 3
    const most = 2 ** bitDepth - 1
    return Array.from(samples)
      .filter((_, i) => i % perPixel < kept)
      .map((sample) => Math.fround((sample * 255) / most))
  }

  it('of every kind, interlaced or not, are read as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(sources, async (source) => {
        const { width, height, values } = await decodePicture(writePng(source), 'random.png')
        expect([width, height]).toEqual([source.width, source.height])
        expect(Array.from(values)).toEqual(pixelsOf(source))
      }),
      { numRuns: 300 },
    )
  })

  it('are not decoded where their size is refused', async () => {
    const broken = writePng({ width: 9, height: 5, bitDepth: 8, colourType: 6, samples: new Uint8Array(180) }).fill(
      1,
      45,
      60,
    )
    const refuse = (size: object): void => {
      throw new UserError('wrong-shape', JSON.stringify(size))
    }
    await expect(decodePicture(broken, 'large.png', refuse)).rejects.toThrow('{"width":9,"height":5,"channels":3}')
    await expect(decodePicture(broken, 'large.png')).rejects.toMatchObject({ code: 'bad-image' })
  })
})
