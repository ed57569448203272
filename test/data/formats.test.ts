import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLabels } from '../../src-main/data/read-labels.ts'
import { classNumbers } from '../../src-main/data/class-labels.ts'
import { readSamples, type Samples } from '../../src-main/data/read-samples.ts'
import { npyFile } from '../support/npy.ts'
import { writePng } from '../support/png.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-formats-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  return path
}

const vector = (name: string): string => join(import.meta.dirname, '../vectors/parquet', name)
const shape = [1, 4, 4] as const
const pixels = (sample: number): number[] => Array.from({ length: 16 }, (_, i) => 3 * i + 10 * sample)
const all = Uint8Array.from([0, 1, 2, 3].flatMap(pixels))
const labels = [2, 0, 1, 2]
const labelsOf = ({ labels: found }: Samples): number[] | undefined =>
  found && [...classNumbers(found, { classes: 3, count: 4 })]
const png = (sample: number): Buffer =>
  writePng({ width: 4, height: 4, bitDepth: 8, colourType: 0, samples: Uint8Array.from(pixels(sample)) })

function big(header: readonly number[], dims: readonly number[], values: Uint8Array): Buffer {
  const sizes = Buffer.alloc(4 * dims.length)
  dims.forEach((dim, axis) => sizes.writeUInt32BE(dim, 4 * axis))
  return Buffer.concat([Uint8Array.from(header), sizes, values])
}
const idx = big([0, 0, 8, 3], [4, 4, 4], all)

/** float16 of small whole numbers: exact. */
function half(value: number): number {
  if (value === 0) return 0
  const exponent = Math.floor(Math.log2(value))
  return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024)
}

const retyped = (npy: Uint8Array, from: string, to: string): Uint8Array =>
  Buffer.from(Buffer.from(npy).toString('latin1').replace(from, to), 'latin1')

/** The first axis fastest. */
const fortran = Uint8Array.from(
  { length: 64 },
  (_, i) => all[(i % 4) * 16 + (Math.floor(i / 4 / 1) % 4) * 4 + Math.floor(i / 16)],
)

const row = (sample: number): string => pixels(sample).join(',')
const titles = Array.from({ length: 16 }, (_, i) => `pixel${i}`)

describe('samples are the same in every form', () => {
  it.each<[string, string, (() => Uint8Array) | undefined]>([
    ['bytes', 'bytes.npy', () => npyFile([4, 4, 4], all)],
    ['gzip', 'bytes.npy.gz', () => gzipSync(npyFile([4, 4, 4], all))],
    ['float16', 'half.npy', () => retyped(npyFile([4, 4, 4], Int16Array.from(all, half)), '<i2', '<f2')],
    ['Fortran order', 'fortran.npy', () => retyped(npyFile([4, 4, 4], fortran), 'False', 'True ')],
    [
      'big-endian',
      'big.npy',
      () => {
        const swapped = Int16Array.from(all)
        Buffer.from(swapped.buffer).swap16()
        return retyped(npyFile([4, 16], swapped), '<i2', '>i2')
      },
    ],
    ['the only array', 'only.npz', () => zipSync({ 'anything.npy': npyFile([4, 16], all) })],
    ['one array of several', 'several.npz:pictures', undefined],
    [
      'the only array that fits',
      'fits.npz',
      () => zipSync({ 'ids.npy': npyFile([4], new Uint8Array(4)), 'foo.npy': npyFile([4, 4, 4], all) }),
    ],
    [
      'Keras',
      'keras.npz',
      () => zipSync({ 'x_train.npy': npyFile([1, 16], all.subarray(16, 32)), 'x_test.npy': npyFile([4, 16], all) }),
    ],
    ['idx', 't10k-images-idx3-ubyte', () => idx],
    ['idx, gzip', 'images.gz', () => gzipSync(idx)],
    ['CSV', 'plain.csv', () => Buffer.from([0, 1, 2, 3].map(row).join('\n'))],
    [
      'CSV with an index',
      'pandas.csv',
      () => Buffer.from([`,${titles.join(',')}`, ...[0, 1, 2, 3].map((i) => `${i},${row(i)}`)].join('\n')),
    ],
    [
      'spaces',
      'savetxt.txt',
      () =>
        Buffer.from(
          [0, 1, 2, 3]
            .map((i) =>
              pixels(i)
                .map((x) => x.toExponential(18))
                .join(' '),
            )
            .join('\n'),
        ),
    ],
    ...['snappy', 'zstd', 'gzip', 'brotli', 'lz4', 'none'].map((codec): [string, string, undefined] => [
      `Parquet, ${codec}`,
      vector(`pictures-${codec}.parquet`),
      undefined,
    ]),
    ['Parquet lists', vector('lists.parquet'), undefined],
    ['Parquet lists of lists', vector('nested-lists.parquet'), undefined],
    ['Parquet columns', vector('columns.parquet'), undefined],
  ])('%s', async (_, name, bytes) => {
    if (name.startsWith('several')) {
      put(
        'several.npz',
        zipSync({ 'pictures.npy': npyFile([4, 16], all), 'more.npy': npyFile([4, 16], new Uint8Array(64)) }),
      )
    }
    const path = bytes ? put(name, bytes()) : join(name.startsWith('/') ? '' : folder, name)
    const samples = await readSamples(path, { shape })
    expect(samples.count).toBe(4)
    expect([0, 1, 2, 3].map((i) => [...samples.sample(i)])).toEqual([0, 1, 2, 3].map(pixels))
    expect([...(await readSamples(path, { shape, index: 2 })).sample(0)]).toEqual(pixels(2))
  })

  it('CIFAR-10 and CIFAR-100 binaries', async () => {
    const record = (sample: number, ...labels: number[]): number[] => [
      ...labels,
      ...Array.from({ length: 3072 }, (_, i) => (i * 7 + sample) % 256),
    ]
    const ten = put('data_batch_1.bin', Uint8Array.from([...record(0, 6), ...record(1, 9), ...record(2, 4)]))
    const hundred = put('train.bin', Uint8Array.from([...record(0, 11, 49), ...record(1, 15, 33)]))
    const first = await readSamples(ten, { shape: [3, 32, 32] })
    const second = await readSamples(hundred, { shape: [3, 32, 32] })
    expect([first.count, second.count]).toEqual([3, 2])
    expect([...first.sample(2)]).toEqual(record(2))
    expect([...second.sample(1)]).toEqual(record(1))
    expect([...classNumbers(first.labels!, { classes: 10 })]).toEqual([6, 9, 4])
    expect([...(await readLabels(hundred, { classes: 100 }))]).toEqual([49, 33])
  })
})

describe('labels come with the samples', () => {
  const head = ['label', ...titles].join(',')
  it.each<[string, string, string | undefined]>([
    ['first, headed', 'a.csv', [head, ...labels.map((label, i) => `${label},${row(i)}`)].join('\n')],
    [
      'last, headed',
      'b.csv',
      [[...titles, 'class'].join(','), ...labels.map((label, i) => `${row(i)},${label}`)].join('\n'),
    ],
    ['first', 'c.csv', labels.map((label, i) => `${label},${row(i)}`).join('\n')],
    ['last', 'd.csv', labels.map((label, i) => `${row(i)},${label}`).join('\n')],
    ['last, in words', 'e.csv', labels.map((label, i) => `${row(i)},${['cat', 'dog', 'ship'][label]}`).join('\n')],
    ['first, quoted', 'f.csv', labels.map((label, i) => `"${label}";${row(i).replaceAll(',', ';')}`).join('\r\n')],
    [
      'in words under another heading, beside row numbers',
      'h.csv',
      [
        ['', ...titles, 'species'].join(','),
        ...labels.map((label, i) => `${i},${row(i)},${['cat', 'dog', 'ship'][label]}`),
      ].join('\n'),
    ],
    ['Parquet, columns, in words under another heading', vector('columns-species.parquet'), undefined],
    ['Parquet', vector('pictures-snappy.parquet'), undefined],
    ['Parquet, in words', vector('lists.parquet'), undefined],
    ['Parquet, columns', vector('columns.parquet'), undefined],
  ])('%s', async (_, name, text) => {
    const path = text === undefined ? name : put(name, Buffer.from(text))
    const samples = await readSamples(path, { shape, classes: 3 })
    expect([...samples.sample(3)]).toEqual(pixels(3))
    expect(labelsOf(samples)).toEqual(labels)
    expect([...(await readLabels(path, { count: 4, classes: 3 }))]).toEqual(labels)
  })

  it('in a table that is compressed, without a network', async () => {
    const blackCorner = (i: number): string => [...pixels(i).slice(0, 15), 0].join(',')
    const path = put(
      'g.csv.gz',
      gzipSync(Buffer.from(labels.map((label, i) => `${label},${blackCorner(i)}`).join('\n'))),
    )
    const samples = await readSamples(path)
    expect(samples.shape).toEqual([1, 4, 4])
    expect(labelsOf(samples)).toEqual(labels)
  })

  it('from the array or file beside them', async () => {
    const archive = zipSync({
      'train_images.npy': npyFile([4, 16], new Uint8Array(64)),
      'train_labels.npy': npyFile([4, 1], Uint8Array.of(0, 0, 0, 0)),
      'test_images.npy': npyFile([4, 16], all),
      'test_labels.npy': npyFile([4, 1], Uint8Array.from(labels)),
    })
    const path = put('medical.npz', archive)
    expect(labelsOf(await readSamples(path, { shape }))).toEqual(labels)
    expect(labelsOf(await readSamples(path, { shape, purpose: 'train' }))).toEqual([0, 0, 0, 0])
    put('set/t10k-labels-idx1-ubyte', big([0, 0, 8, 1], [4], Uint8Array.from(labels)))
    expect(labelsOf(await readSamples(put('set/t10k-images-idx3-ubyte', idx), { shape }))).toEqual(labels)
  })

  it.each([
    ['val_images', 'val_labels'],
    ['xTest', 'yTest'],
    ['testX', 'test_y'],
    ['X-valid', 'Y-valid'],
    ['x_fold1', 'y_fold1'],
  ])('from the array %s, whose labels are %s', async (images, classes) => {
    const archive = zipSync({
      [`${classes}.npy`]: npyFile([4], Uint8Array.from(labels)),
      [`${images}.npy`]: npyFile([4, 16], all),
    })
    expect(labelsOf(await readSamples(put(`${images}.npz`, archive), { shape }))).toEqual(labels)
  })

  it('not from objects of Python, of which it tells', async () => {
    const objects = retyped(npyFile([4], new Uint8Array(4)), "'|u1'", "'|O' ")
    const archive = zipSync({ 'x.npy': npyFile([4, 16], all), 'y.npy': objects })
    const { labels: none, warnings } = await readSamples(put('objects.npz', archive), { shape })
    expect(none).toBeUndefined()
    expect(warnings).toEqual([
      expect.stringMatching(/^No labels are read: .*objects\.npz:y holds Python objects\. Save/),
    ])
  })

  it('but not measured values, nor as many as there are none', async () => {
    const archive = zipSync({ 'x.npy': npyFile([4, 16], all), 'y.npy': npyFile([4], Float32Array.of(0.5, 1, 2, 3)) })
    expect((await readSamples(put('regression.npz', archive), { shape })).labels).toBeUndefined()
  })

  it('not where both ends of a line could be one', async () => {
    const path = put(
      'both.csv',
      Buffer.from([0, 1, 2].map((i) => `${i},${pixels(0).slice(1).join(',')},${2 - i}`).join('\n')),
    )
    await expect(readSamples(path, { shape: [1, 1, 16], classes: 3 })).rejects.toMatchObject({ code: 'bad-csv' })
  })
})

describe('a folder with a sub-folder for each class', () => {
  it('has labels and names, and leaves out what is no picture', async () => {
    const root = join(folder, 'classes')
    labels.forEach((label, i) => put(`classes/${['cat', 'dog', 'ship'][label]}/${i}.png`, png(i)))
    for (const name of ['cat/._1.png', '.DS_Store', '.hidden/1.png', '__MACOSX/cat/1.png', 'ship/Thumbs.db'])
      put(`classes/${name}`, Buffer.from('x'))
    put('classes/dog/other.gif', Buffer.from('GIF89a'))
    put('classes/dog/more/9.png', png(3))
    const samples = await readSamples(root, { shape })
    expect(samples.labels!.names).toEqual(['cat', 'dog', 'ship'])
    expect([...classNumbers(samples.labels!)]).toEqual([0, 1, 1, 2, 2])
    expect([...samples.sample(1)]).toEqual(pixels(2))
    expect(samples.warnings).toEqual([
      `${root}: left out, since they are not PNG, JPEG, WebP or BMP: .gif (1). Convert pictures to PNG to have them read, such as with mogrify -format png (ImageMagick).`,
    ])
  })

  it('is numbered as training tools do, and says so', async () => {
    for (const name of ['1', '2', '10']) put(`numbers/${name}/a.png`, png(0))
    const samples = await readSamples(join(folder, 'numbers'), { shape })
    expect(samples.labels!.names).toEqual(['1', '10', '2'])
    expect(samples.warnings[0]).toContain('folder 1 is class 0')
  })

  it('is not meant by the parts of a data set', async () => {
    for (const name of ['train/cat/a.png', 'test/cat/a.png']) put(`parts/${name}`, png(0))
    await expect(readSamples(join(folder, 'parts'))).rejects.toMatchObject({
      code: 'no-samples',
      hint: expect.stringContaining('parts/t'),
    })
  })
})

describe('what is no data is refused with what to do', () => {
  it.each<[string, string, Uint8Array, string]>([
    ['sound', 'yes.wav', Buffer.from('RIFF\0\0\0\0WAVEfmt '), 'spectrogram'],
    ['HDF5', 'data.h5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), 'numpy.save'],
    ['pickle', 'data_batch_1', Buffer.from('\x80\x02}q', 'latin1'), 'binaries'],
    ['a pointer', 'data.bin', Buffer.from('version https://git-lfs.github.com/spec/v1'), 'git lfs pull'],
  ])('%s', async (_, name, bytes, hint) => {
    await expect(readSamples(put(name, bytes))).rejects.toMatchObject({
      code: 'unsupported-data-format',
      hint: expect.stringContaining(hint),
    })
  })

  it('a folder of arrays, of which one is asked for', async () => {
    put('arrays/data_batch_1.bin', Buffer.alloc(3073))
    await expect(readSamples(join(folder, 'arrays'))).rejects.toMatchObject({
      code: 'no-samples',
      hint: expect.stringContaining(join('arrays', 'data_batch_1.bin')),
    })
  })

  it('a folder of sound', async () => {
    put('sound/yes/1.wav', Buffer.from('RIFF'))
    await expect(readSamples(join(folder, 'sound'))).rejects.toMatchObject({
      hint: expect.stringContaining('spectrogram'),
    })
  })
})
