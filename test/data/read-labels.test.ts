import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLabels } from '../../src-main/data/read-labels.ts'
import { npyFile, npyText } from '../support/npy.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-labels-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const titles = Array.from({ length: 784 }, (_, i) => `pixel${i}`).join(',')
const zeros = new Array<number>(784).fill(0).join(',')

function oneHot(...labels: number[]): Float32Array {
  const rows = new Float32Array(10 * labels.length)
  labels.forEach((label, row) => (rows[10 * row + label] = 1))
  return rows
}

/** One of a hundred classes. */
const wideRow = (label: number): string => Array.from({ length: 100 }, (_, place) => Number(place === label)).join(' ')

const fortran = (npy: Uint8Array): Uint8Array =>
  Buffer.from(Buffer.from(npy).toString('latin1').replace('False', 'True '), 'latin1')

/** Neither end varies like a label. */
const pixelRow = (pixel: number): string => [0, ...new Array<number>(783).fill(pixel), 0].join(',')

const put = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe('readLabels', () => {
  it('reads text with a byte-order mark, UTF-16 of either order too', async () => {
    const text = '\ufefflabel\tname\r\n3\tü\r\n1\tb\r\n'
    const little = Buffer.from(text, 'utf16le')
    for (const [at, bytes] of [Buffer.from(text), little, Buffer.from(little).swap16()].entries()) {
      expect([...(await readLabels(put(`mark-${at}.txt`, bytes), { count: 2, classes: 4 }))]).toEqual([3, 1])
    }
  })

  it.each<[string, Uint8Array]>([
    ['bytes.npy', npyFile([3], Uint8Array.of(7, 2, 1))],
    ['column.npy', npyFile([3, 1], BigInt64Array.of(7n, 2n, 1n))],
    ['archive.npz', zipSync({ 'y.npy': npyFile([3], Int32Array.of(7, 2, 1)) })],
    ['plain.txt', Buffer.from('7\n2\n1\n')],
    ['table.csv', Buffer.from('file,label\r\na.png,7\r\nb.png, 2\r\nc.png,1\r\n')],
    ['first.csv', Buffer.from('label,a,b\n7,0,0\n2,9,3\n1,0,5\n')],
    ['between.csv', Buffer.from('id,Class,weight\n0,7,1\n1,2,0\n2,1,4\n')],
    ['target.tsv', Buffer.from('x\ttarget\ty-axis\n3\t7\t1\n3\t2\t0\n9\t1\t4\n')],
    ['pandas.csv', Buffer.from(',y\n0,7\n1,2\n2,1\n')],
    ['pixels.csv', Buffer.from(`label,${titles}\n7,${zeros}\n2,${zeros}\n1,${zeros}\n`)],
    ['pixels-last.csv', Buffer.from(`${zeros},7\n${zeros},2\n${zeros},1\n`)],
    ['pixels.csv.gz', gzipSync(Buffer.from(`7,${zeros}\n2,${zeros}\n1,${zeros}\n`))],
    ['quoted.csv', Buffer.from('"7"\n"2"\n"1"\n')],
    ['spaced.txt', Buffer.from('a.png  7\nb.png  2\nc.png  1\n')],
    ['one-line.txt', Buffer.from('7 2 1\n')],
    ['savetxt.txt', Buffer.from('7.000000000000000000e+00\n2.000000000000000000e+00\n1.000000000000000000e+00\n')],
    ['list.json', Buffer.from('[7, 2, 1]')],
    ['mark.csv', Buffer.from('\ufefflabel\n7\n2\n1\n')],
    ['one-hot.npy', npyFile([3, 10], oneHot(7, 2, 1))],
    ['one-hot.csv', Buffer.from(['0,0,0,0,0,0,0,1,0,0', '0,0,1,0,0,0,0,0,0,0', '0,1,0,0,0,0,0,0,0,0'].join('\n'))],
    ['wide-one-hot.csv', Buffer.from([7, 2, 1].map((label) => wideRow(label)).join('\n'))],
    ['t10k-labels-idx1-ubyte', Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1)],
    ['labels.gz', gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1))],
    ['fortran.npy', fortran(npyFile([3, 1], Uint8Array.of(7, 2, 1)))],
    [
      'keras.npz',
      zipSync({ 'y_train.npy': npyFile([1], Uint8Array.of(5)), 'y_test.npy': npyFile([3], Uint8Array.of(7, 2, 1)) }),
    ],
  ])('reads %s', async (name, bytes) => {
    expect([
      ...(await readLabels(put(name, bytes), { count: 3, classes: name.startsWith('wide') ? 100 : 10 })),
    ]).toEqual([7, 2, 1])
  })

  it.each<[string, Uint8Array, string]>([
    ['range.npy', npyFile([2], Uint8Array.of(3, 10)), 'label 1 is 10; the network has classes 0 to 9'],
    ['negative.npy', npyFile([2], Int32Array.of(-1, 1)), 'label 0 is -1'],
    ['half.npy', npyFile([2], Float32Array.of(1, 0.5)), 'label 1 is 0.5'],
    ['few.npy', npyFile([1], Uint8Array.of(1)), 'holds 1 labels for 2 samples'],
    ['no-hot.npy', npyFile([2, 10], new Uint8Array(20)), 'one number, or one row with a single 1, per sample'],
    ['words.csv', Buffer.from('label\ncat\n1\n'), 'has 2 classes, 1, cat; the network has 10'],
    ['hundreds.csv', Buffer.from(`${pixelRow(7)}\n${pixelRow(2)}\n`), 'it is not clear which is the label'],
    ['uneven.csv', Buffer.from('file,label\na.png,7\nb.png\n'), 'has 1 columns in a line, and 2 in the first'],
    ['list.json', Buffer.from('[1, {"a": 2}]'), 'not a list of numbers or names'],
  ])('refuses %s', async (name, bytes, message) => {
    await expect(readLabels(put(name, bytes), { count: 2, classes: 10 })).rejects.toThrow(message)
  })
})

describe('names of classes', () => {
  const texts = ['ship', 'cat', 'dog', 'ship']
  const files: [string, Uint8Array][] = [
    ['names.txt', Buffer.from('ship\ncat\ndog\nship\n')],
    ['names.csv', Buffer.from('file,class\n1.png,"ship"\n2.png,"cat"\n3.png,dog\n4.png,ship\n')],
    ['no-heading.csv', Buffer.from('1.png,ship\n2.png,cat\n3.png,dog\n4.png,ship\n')],
    ['names.npy', npyText(texts)],
    ['bytes.npy', npyText(texts, 'S')],
    ['names.json', Buffer.from(JSON.stringify(texts))],
    ['list.json', Buffer.from(JSON.stringify({ source: 'me', labels: texts }, null, 2))],
    ['files.json', Buffer.from(JSON.stringify(Object.fromEntries(texts.map((text, i) => [`${i}.png`, text]))))],
  ]

  it.each(files)('in %s are numbered in their order', async (name, bytes) => {
    expect([...(await readLabels(put(name, bytes), { count: 4, classes: 3 }))]).toEqual([2, 0, 1, 2])
  })

  it.each(files)('in %s are found among the network’s', async (name, bytes) => {
    const classNames = ['Ship', 'plane', 'dog', 'cat']
    expect([...(await readLabels(put(name, bytes), { count: 4, classes: 4, classNames }))]).toEqual([0, 3, 2, 0])
  })

  it('that are numbers are found among the network’s, unless one is not', async () => {
    const expected = { classNames: ['10', '30', '20'], classes: 3 }
    expect([...(await readLabels(put('tens.txt', Buffer.from('20\n10\n30\n')), expected))]).toEqual([2, 0, 1])
    expect([...(await readLabels(put('places.txt', Buffer.from('2\n0\n1\n')), expected))]).toEqual([2, 0, 1])
  })

  it('that the network does not know, or that are too few to number, are refused', async () => {
    const path = put('unknown.txt', Buffer.from('ship\ncat\n'))
    await expect(readLabels(path, { classNames: ['cat', 'dog'] })).rejects.toThrow('a class “ship”')
    await expect(readLabels(path, { classes: 10 })).rejects.toMatchObject({
      code: 'bad-labels',
      hint: expect.stringContaining('--class-names'),
    })
  })

  it('in JSON of another form are refused with the form to take', async () => {
    await expect(readLabels(put('records.json', Buffer.from('[{"label": 1}]')), {})).rejects.toMatchObject({
      code: 'bad-labels',
      hint: expect.stringContaining('a list of labels'),
    })
  })

  it('of two classes are labels of a single output', async () => {
    const path = put('two.txt', Buffer.from('yes\nno\nyes\n'))
    expect([...(await readLabels(path, { classes: 1 }))]).toEqual([1, 0, 1])
  })
})

it('labels that begin at 1 are refused by that', async () => {
  const hint = expect.stringContaining('begin at 1')
  const [fromOne, tooLarge] = [put('from-1.txt', Buffer.from('1\n3\n2\n')), put('large.txt', Buffer.from('0\n3\n2\n'))]
  await expect(readLabels(fromOne, { classes: 3 })).rejects.toMatchObject({ code: 'bad-labels', hint })
  await expect(readLabels(tooLarge, { classes: 3 })).rejects.toMatchObject({ code: 'bad-labels', hint: undefined })
})

describe('a table that names files', () => {
  const path = () => put('files.csv', Buffer.from('image,label\nall/b.png,2\nall/c.png,1\nall/a.png,7\nall/z.png,0\n'))

  it('is read in the order of the samples', async () => {
    const sampleFiles = ['a.png', 'b.png', 'c.png']
    expect([...(await readLabels(path(), { count: 3, classes: 10, sampleFiles }))]).toEqual([7, 2, 1])
  })

  it('is read by them where they stand without endings', async () => {
    const sampleFiles = ['0f.png', '10.png', '2.png']
    const ids = put('ids.csv', Buffer.from('id,breed\n2,1\n0f,7\n10,4\n'))
    expect([...(await readLabels(ids, { count: 3, classes: 10, sampleFiles }))]).toEqual([7, 4, 1])
    const list = put('list.txt', Buffer.from('2\n0\n1\n'))
    expect([...(await readLabels(list, { classes: 3, sampleFiles: ['0.png', '1.png', '2.png'] }))]).toEqual([2, 0, 1])
  })

  it('is refused where it leaves one out', async () => {
    await expect(readLabels(path(), { sampleFiles: ['a.png', 'd.png'] })).rejects.toThrow('has no label for d.png')
  })
})
