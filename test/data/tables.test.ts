import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { readSamples, type ReadSamplesOptions } from '../../src-main/data/read-samples.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-tables-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const shape = [1, 4, 4] as const
const pixels = (sample: number): number[] => Array.from({ length: 16 }, (_, i) => 3 * i + 10 * sample)
const labels = [2, 0, 1]

async function read(lines: readonly string[], options: ReadSamplesOptions = {}) {
  const path = join(folder, 'table.csv')
  writeFileSync(path, lines.join('\n'))
  const samples = await readSamples(path, { shape, classes: 3, ...options })
  const all = Array.from({ length: samples.count }, (_, i) => [...samples.sample(i)])
  return { all, labels: samples.labels && Array.from(samples.labels.values) }
}

describe('all pixels of a sample in one cell', () => {
  const row = (i: number, usage: string): string => `${labels[i]},${pixels(i).join(' ')},${usage}`

  it('are read, with the label beside them', async () => {
    const quoted = ['pixels,label', ...labels.map((label, i) => `"[${pixels(i).join(', ')}]",${label}`)]
    expect(await read(quoted)).toEqual({ all: [0, 1, 2].map(pixels), labels })
  })

  it('are read of the rows for training, or of the others, where a column says which are', async () => {
    const lines = ['emotion,pixels,Usage', row(0, 'Training'), row(1, 'PublicTest'), row(2, 'PrivateTest')]
    expect(await read(lines, { purpose: 'train' })).toEqual({ all: [pixels(0)], labels: [2] })
    expect(await read(lines, { purpose: 'test' })).toEqual({ all: [pixels(1), pixels(2)], labels: [0, 1] })
    const training = ['emotion,pixels,Usage', row(0, 'Training'), row(1, 'Training')]
    expect((await read(training, { purpose: 'test' })).labels).toEqual([2, 0])
  })

  it.each([
    ['1 2 3', 'holds 3 values of sample 1, and 16 of the first'],
    [pixels(1).with(4, NaN).join(' '), 'holds “NaN” among the values of sample 1'],
  ])('are refused where a row does not fit: %s', async (cell, message) => {
    const found = await read(['label,pixels', `2,${pixels(0).join(' ')}`, `1,${cell}`]).catch((error: unknown) => error)
    expect(found).toBeInstanceOf(UserError)
    expect((found as UserError).message).toContain(message)
  })
})

it('a table with decimal commas is refused by that', async () => {
  const lines = labels.map((_, i) =>
    pixels(i)
      .map((pixel) => (pixel / 255).toFixed(3).replace('.', ','))
      .join(';'),
  )
  const found = await read(lines).catch((error: unknown) => error)
  expect(found).toMatchObject({ code: 'bad-csv', hint: expect.stringContaining('save the table with points') })
})

describe('one-hot labels beside the pixels', () => {
  const oneHot = (label: number): number[] => [0, 1, 2].map((each) => Number(each === label))

  it.each(['first', 'last'])('are found where they are %s', async (end) => {
    const lines = labels.map((label, i) =>
      (end === 'first' ? [...oneHot(label), ...pixels(i)] : [...pixels(i), ...oneHot(label)]).join(','),
    )
    expect(await read(lines)).toEqual({ all: [0, 1, 2].map(pixels), labels })
    const titles = Array.from({ length: 19 }, (_, column) => `column ${column}`).join(',')
    expect(await read([titles, ...lines])).toEqual({ all: [0, 1, 2].map(pixels), labels })
  })

  it('are not taken for that where a line has two ones', async () => {
    const lines = labels.map((label, i) => [...pixels(i + 1), ...oneHot(label).with(0, 1)].join(','))
    await expect(read(lines)).rejects.toMatchObject({ code: 'bad-csv' })
  })
})
