import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { readLabels } from '../../src-main/data/read-labels.ts'
import { readSamples } from '../../src-main/data/read-samples.ts'
import { mutateBytes, randomFrom } from '../fuzz/mutate.ts'
import { npyFile } from '../support/npy.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-hostile-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const vector = (name: string): Buffer => readFileSync(join(import.meta.dirname, '../vectors/parquet', name))
const shape = [1, 4, 4] as const
const npy = npyFile([4, 4, 4], new Uint8Array(64))

/** The same file with another shape in its header, as long as before. */
const claiming = (dims: string): Uint8Array =>
  Buffer.from(Buffer.from(npy).toString('latin1').replace('(4, 4, 4), }        ', `(${dims}), }`.padEnd(20)), 'latin1')

describe('files that claim more than they have are refused before anything is allocated', () => {
  it.each<[string, string, Uint8Array]>([
    ['bad-npy', 'billions.npy', claiming('9999999999, 4')],
    ['bad-npy', 'overflow.npy', claiming('99999999, 9999999')],
    ['bad-idx', 'billions-idx3-ubyte', Buffer.from([0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 4, 0, 0, 0, 4, 0])],
    ['bad-idx', 'absurd-idx3-ubyte', Buffer.from([0, 0, 8, 3, ...Array<number>(12).fill(255)])],
    ['bad-idx', 'short-idx3-ubyte', Buffer.from([0, 0, 8, 3, 0, 0])],
    ['bad-gzip', 'cut.csv.gz', gzipSync(Buffer.from('1,2,3,4\n'.repeat(1000))).subarray(0, 40)],
    ['bad-npz', 'cut.npz', zipSync({ 'x.npy': npy }).subarray(0, 60)],
    ['bad-parquet', 'cut.parquet', vector('lists.parquet').subarray(0, 500)],
    ['bad-parquet', 'tail.parquet', Buffer.from('PAR1aaaa\xff\xff\xff\x7fPAR1', 'latin1')],
    ['bad-csv', 'uneven.csv', Buffer.from(`${'1,'.repeat(15)}1\n1,2\n`)],
    ['bad-csv', 'words.csv', Buffer.from(`${'1,'.repeat(15)}1\n${'1,'.repeat(7)}x${',1'.repeat(8)}\n`)],
    ['bad-csv', 'columns.csv', Buffer.from(`${'1,'.repeat(5_000_000)}1\n`)],
    ['unsupported-data-format', 'odd.bin', new Uint8Array(3073).fill(77)],
  ])('%s: %s', async (code, name, bytes) => {
    await expect(readSamples(put(name, bytes), { shape })).rejects.toMatchObject({
      name: 'UserError',
      code,
      // Sizes that no file can have are no figures for people.
      message: expect.not.stringMatching(/\de\+/),
    })
  })

  it('columns that the schema does not have, beside a damaged one', async () => {
    const changed = Buffer.from(vector('pictures-none.parquet'))
    // The type of the first page, and the name of the second row group's column.
    changed[5] = 0x12
    changed.write('pith', changed.lastIndexOf('path'))
    await expect(readSamples(put('columns.parquet', changed), { shape })).rejects.toMatchObject({ code: 'bad-parquet' })
    // An error that nobody hears would end the process.
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('first pages of Parquet whose header says anything else', async () => {
    const file = vector('pictures-none.parquet')
    let refused = 0
    for (let at = 4; at < 40; at++) {
      const changed = Buffer.from(file)
      changed.fill(0xff, at, at + 4)
      changed[at + 4] = 0x7f
      refused += await readSamples(put('pages.parquet', changed), { shape }).then(
        () => 0,
        (error: unknown) => Number(error instanceof UserError),
      )
    }
    expect(refused).toBe(36)
  })
})

describe('damaged files end in an error for people, or in samples', () => {
  const sources: [string, Uint8Array][] = [
    ['a.npy', npy],
    ['a.npz', zipSync({ 'x.npy': npy, 'y.npy': npyFile([4], Uint8Array.of(0, 1, 2, 1)) })],
    [
      'a-idx3-ubyte',
      Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4]), new Uint8Array(64)]),
    ],
    [
      'a.csv',
      Buffer.from(
        ['label', ...Array.from({ length: 16 }, (_, i) => `p${i}`)].join(',') +
          `\n1${',2'.repeat(16)}\n0${',3'.repeat(16)}\n`,
      ),
    ],
    ['a.csv.gz', gzipSync(Buffer.from(`1${',2'.repeat(16)}\n0${',3'.repeat(16)}\n`))],
    ['pictures.parquet', vector('pictures-snappy.parquet')],
    ['zstd.parquet', vector('pictures-zstd.parquet')],
    ['brotli.parquet', vector('pictures-brotli.parquet')],
    ['lists.parquet', vector('lists.parquet')],
    ['columns.parquet', vector('columns.parquet')],
  ]

  it.each(sources)('%s', async (name, bytes) => {
    const random = randomFrom(name.length)
    for (let round = 0; round < 100; round++) {
      const path = put(name, mutateBytes(bytes, random))
      for (const read of [() => readSamples(path, { shape }), () => readLabels(path)]) {
        await read().catch((error: unknown) => {
          if (!(error instanceof UserError)) throw error
        })
      }
    }
  })
})
