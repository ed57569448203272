import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'

describe('opening a bundle', () => {
  let folder: string
  let bytes: Buffer
  let damaged: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder)
    bytes = await readFile(join(folder, 'tiny.sealed'))
    damaged = join(folder, 'damaged.sealed')
  })
  afterAll(() => rm(folder, { recursive: true }))

  const openWith = async (content: Uint8Array): Promise<void> => {
    await writeFile(damaged, content)
    const bundle = await Bundle.open(damaged)
    await bundle.close()
  }
  const refusal = expect.objectContaining({ code: 'damaged-bundle' })

  it('accepts it as exported', async () => {
    await expect(openWith(bytes)).resolves.toBeUndefined()
  })

  it('refuses one flipped byte, wherever it is', async () => {
    const places = Array.from({ length: 60 }, (_, i) => Math.floor((i / 60) * bytes.length))
    const structure = Array.from({ length: 60 }, (_, i) => bytes.length - 1 - i * 17)
    for (const place of [...places, 0, 10, 11, 30, ...structure]) {
      const flipped = Buffer.from(bytes)
      flipped[place] ^= 0x40
      await expect(openWith(flipped), `byte ${place}`).rejects.toThrow(refusal)
    }
  })

  it('refuses a truncated, an extended and an empty one', async () => {
    for (const length of [0, 1, 100, bytes.length >> 1, bytes.length - 1]) {
      await expect(openWith(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(refusal)
    }
    await expect(openWith(Buffer.concat([bytes, Buffer.of(0)]))).rejects.toThrow(refusal)
    await expect(openWith(Buffer.concat([Buffer.of(0), bytes]))).rejects.toThrow(refusal)
  })

  it('says when the file is not there', async () => {
    await expect(Bundle.open(join(folder, 'none'))).rejects.toThrow(expect.objectContaining({ code: 'file-not-found' }))
  })
})
