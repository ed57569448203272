import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLabels } from '../../src-main/data/read-labels.ts'
import { npyFile } from '../support/npy.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-labels-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe('readLabels', () => {
  it.each<[string, Uint8Array]>([
    ['bytes.npy', npyFile([3], Uint8Array.of(7, 2, 1))],
    ['column.npy', npyFile([3, 1], BigInt64Array.of(7n, 2n, 1n))],
    ['archive.npz', zipSync({ 'y.npy': npyFile([3], Int32Array.of(7, 2, 1)) })],
    ['plain.txt', Buffer.from('7\n2\n1\n')],
    ['table.csv', Buffer.from('file,label\r\na.png,7\r\nb.png, 2\r\nc.png,1\r\n')],
  ])('reads %s', async (name, bytes) => {
    expect([...(await readLabels(put(name, bytes), { count: 3, classes: 10 }))]).toEqual([7, 2, 1])
  })

  it.each<[string, Uint8Array, string]>([
    ['range.npy', npyFile([2], Uint8Array.of(3, 10)), 'label 1 is 10; the network has classes 0 to 9'],
    ['negative.npy', npyFile([2], Int32Array.of(-1, 1)), 'label 0 is -1'],
    ['half.npy', npyFile([2], Float32Array.of(1, 0.5)), 'label 1 is 0.5'],
    ['few.npy', npyFile([1], Uint8Array.of(1)), 'holds 1 labels for 2 samples'],
    ['onehot.npy', npyFile([2, 10], new Uint8Array(20)), 'one number per sample'],
    ['words.csv', Buffer.from('label\ncat\n1\n'), 'label 0 is NaN'],
  ])('refuses %s', async (name, bytes, message) => {
    await expect(readLabels(put(name, bytes), { count: 2, classes: 10 })).rejects.toThrow(message)
  })
})
