import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDirectory } from '../../src-main/files/bundle-zip.ts'
import { writeBundleZip } from '../../src-main/files/write-bundle-zip.ts'

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.7 and 4.3.12. */
const LOCAL = 'PK\x03\x04'
const CENTRAL = 'PK\x01\x02'

describe('the archive of a bundle', () => {
  let folder: string
  let archive: Buffer
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-zip-'))
    const file = await open(join(folder, 'good.zip'), 'w+')
    const source = (name: string) => ({
      name,
      async *content() {
        yield Buffer.from(name)
      },
    })
    await writeBundleZip(file, [source('manifest.json'), source('plan-0.json')], () => false)
    await file.close()
    archive = await readFile(join(folder, 'good.zip'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const read = async (change: (bytes: Buffer, local: number, central: number) => void) => {
    const bytes = Buffer.from(archive)
    change(bytes, bytes.indexOf(LOCAL, 0, 'latin1'), bytes.indexOf(CENTRAL, 0, 'latin1'))
    await writeFile(join(folder, 'changed.zip'), bytes)
    const file = await open(join(folder, 'changed.zip'))
    try {
      return await readDirectory(file.fd)
    } finally {
      await file.close()
    }
  }
  const CLEAR_DEFERRED = 0xf7

  it('is read as it was written', async () => {
    expect([...(await read(() => {})).keys()]).toEqual(['manifest.json', 'plan-0.json'])
  })

  it.each<[string, (bytes: Buffer, local: number, central: number) => void]>([
    ['name', (bytes, local) => bytes.write('m4nifest.json', local + 30)],
    ['method', (bytes, local) => bytes.writeUInt16LE(8, local + 8)],
    ['flags', (bytes, local) => (bytes[local + 6] ^= 1)],
    [
      'size',
      (bytes, local, central) => {
        bytes[local + 6] &= CLEAR_DEFERRED
        bytes[central + 8] &= CLEAR_DEFERRED
        bytes.writeUInt32LE(5, local + 22)
      },
    ],
    ['kind: a symbolic link', (bytes, _, central) => bytes.writeUInt32LE(0o120777 * 2 ** 16, central + 38)],
    ['kind: a folder', (bytes, _, central) => bytes.writeUInt32LE(0x10, central + 38)],
  ])('is refused where header and directory differ in, or there is another, %s', async (_, change) => {
    await expect(read(change)).rejects.toMatchObject({
      code: 'damaged-bundle',
      message: expect.stringContaining('manifest.json is said to be two things'),
    })
  })
})
