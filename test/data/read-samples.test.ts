import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import { encode as encodePng } from 'fast-png'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSamples } from '../../src-main/data/read-samples.ts'
import { npyFile } from '../support/npy.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealwright-data-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const counting = (length: number): Float32Array => Float32Array.from({ length }, (_, index) => index)

describe('arrays', () => {
  it('reads a batch with channels first', async () => {
    const samples = await readSamples(put('batch.npy', npyFile([2, 3, 2, 2], counting(24))), { shape: [3, 2, 2] })
    expect(samples).toMatchObject({ count: 2, shape: [3, 2, 2], layout: 'nchw' })
    expect([...samples.sample(1)]).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23])
  })

  it('reads a batch with channels last into channels first', async () => {
    const samples = await readSamples(put('last.npy', npyFile([1, 2, 2, 3], counting(12))), { shape: [3, 2, 2] })
    expect(samples.layout).toBe('nhwc')
    expect([...samples.sample(0)]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
  })

  it.each([
    [[5, 4, 4], 5],
    [[4, 4], 1],
    [[1, 4, 4], 1],
    [[5, 16], 5],
    [[16], 1],
  ])('takes dimensions %j as %i sample(s) of [1, 4, 4]', async (dims, count) => {
    const length = dims.reduce((product, dim) => product * dim, 1)
    const path = put('dims.npy', npyFile(dims, counting(length)))
    const samples = await readSamples(path, { shape: [1, 4, 4] })
    expect(samples.count).toBe(count)
    expect([...samples.sample(count - 1)]).toEqual([...counting(length).slice(-16)])
  })

  it('reads one-dimensional signals', async () => {
    const samples = await readSamples(put('ecg.npy', npyFile([3, 2, 5], counting(30))), { shape: [2, 1, 5] })
    expect(samples.count).toBe(3)
    expect(samples.sample(2)[9]).toBe(29)
  })

  it.each([
    ['bytes', new Uint8Array([0, 127, 255, 3])],
    ['int16', new Int16Array([-5, 127, 255, 3])],
    ['int64', new BigInt64Array([-5n, 127n, 255n, 3n])],
    ['float64', new Float64Array([0.1, -2.5, 255, 3])],
  ])('reads %s', async (_, values) => {
    const samples = await readSamples(put('type.npy', npyFile([2, 2], values)), { shape: [1, 2, 2] })
    expect([...samples.sample(0)]).toEqual(Array.from(values, Number))
  })

  it.each([
    [2, 2, 3],
    [2, 1, 2, 3],
    [2, 2, 3, 1],
  ])('reads images of %i, %i, … as rows of pixels, where the network takes those', async (...dims) => {
    const path = put('flat.npy', npyFile(dims, counting(12)))
    const samples = await readSamples(path, { shape: [6, 1, 1] })
    expect(samples.count).toBe(2)
    expect([...samples.sample(1)]).toEqual([6, 7, 8, 9, 10, 11])
    await expect(readSamples(path, { shape: [5, 1, 1] })).rejects.toMatchObject({ code: 'wrong-shape' })
  })

  it('reads array x of an .npz archive, stored or deflated', async () => {
    const entry = npyFile([2, 1, 2, 2], counting(8))
    for (const level of [0, 9] as const) {
      const path = put(`x${level}.npz`, zipSync({ 'y.npy': new Uint8Array(3), 'x.npy': entry }, { level }))
      expect([...(await readSamples(path, { shape: [1, 2, 2] })).sample(1)]).toEqual([4, 5, 6, 7])
    }
  })

  it('reads one sample by its index', async () => {
    const path = put('index.npy', npyFile([3, 1, 2, 2], counting(12)))
    const samples = await readSamples(path, { shape: [1, 2, 2], index: 2 })
    expect(samples.count).toBe(1)
    expect(samples.sample(0)[0]).toBe(8)
    expect(samples.name(0)).toBe(`${path}[2]`)
    await expect(readSamples(path, { index: 3 })).rejects.toMatchObject({ code: 'index-out-of-range' })
  })

  it('guesses the shape where no network says what it takes', async () => {
    const path = put('guess.npy', npyFile([2, 3, 4, 5], counting(120)))
    expect((await readSamples(path)).shape).toEqual([3, 4, 5])
    expect((await readSamples(path, { layout: 'nhwc' })).shape).toEqual([5, 3, 4])
  })
})

describe('refused arrays', () => {
  it('names both shapes', async () => {
    const path = put('wrong.npy', npyFile([7, 3, 32, 32], new Uint8Array(7 * 3 * 32 * 32)))
    await expect(readSamples(path, { shape: [1, 28, 28] })).rejects.toMatchObject({
      code: 'wrong-shape',
      message: `${path} holds an array of shape [7, 3, 32, 32]; the network takes samples of shape [1, 28, 28] (nchw).`,
    })
  })

  it('insists on a stated layout', async () => {
    const path = put('stated.npy', npyFile([1, 3, 2, 2], counting(12)))
    await expect(readSamples(path, { shape: [3, 2, 2], layout: 'nhwc' })).rejects.toMatchObject({ code: 'wrong-shape' })
  })

  it.each([Number.NaN, Infinity, -Infinity])('says where %d is', async (bad) => {
    const values = counting(2 * 3 * 2 * 2)
    values[12 + 4 + 3] = bad
    const path = put('bad.npy', npyFile([2, 3, 2, 2], values))
    const samples = await readSamples(path, { shape: [3, 2, 2] })
    expect(samples.sample(0)).toHaveLength(12)
    expect(() => samples.sample(1)).toThrow(`${path}[1] holds ${bad} at channel 1, row 1, column 1.`)
  })

  const valid = npyFile([1, 2, 2], counting(4))
  it.each<[string, string, Uint8Array]>([
    ['bad-npy', 'cut.npy', valid.subarray(0, valid.length - 1)],
    ['bad-npy', 'long.npy', Buffer.concat([valid, Buffer.alloc(1)])],
    ['bad-npy', 'header.npy', valid.subarray(0, 40)],
    ['bad-npy', 'text.npy', Buffer.from('a text that calls itself an array')],
    ['bad-npy', 'object.npy', Buffer.from(Buffer.from(valid).toString('latin1').replace('<f4', '|O8'), 'latin1')],
    ['bad-npz', 'text.npz', Buffer.from('not an archive')],
    ['bad-npz', 'other.npz', zipSync({ 'first.npy': valid, 'second.npy': valid })],
    ['file-empty', 'empty.npy', new Uint8Array()],
    ['no-samples', 'none.npy', npyFile([0, 1, 2, 2], counting(0))],
    ['bad-csv', 'data.csv', Buffer.from('1,2,3')],
    ['unsupported-data-format', 'data.mat', Buffer.from('MATLAB 5.0 MAT-file')],
  ])('%s: %s', async (code, name, bytes) => {
    await expect(readSamples(put(name, bytes), { shape: [1, 2, 2] })).rejects.toMatchObject({ name: 'UserError', code })
  })

  it('inflates no archive entry beyond what it claims, and none that claims too much', async () => {
    const archive = Buffer.from(zipSync({ 'x.npy': new Uint8Array(1_000_000) }))
    const directory = archive.lastIndexOf('PK\x01\x02', undefined, 'latin1')
    archive.writeUInt32LE(0xf000_0000, directory + 24)
    await expect(readSamples(put('claims.npz', archive))).rejects.toMatchObject({ code: 'file-too-large' })
    archive.writeUInt32LE(100, directory + 24)
    await expect(readSamples(put('hides.npz', archive))).rejects.toMatchObject({
      code: expect.stringMatching(/^bad-np/),
    })
  })

  it('says that a file does not exist', async () => {
    await expect(readSamples(join(folder, 'absent.npy'))).rejects.toMatchObject({ code: 'file-not-found' })
  })
})

describe('pictures', () => {
  const gray = (values: number[], width = 2): Uint8Array =>
    encodePng({ width, height: values.length / width, data: Uint8Array.from(values), channels: 1, depth: 8 })

  it('reads a gray PNG and repeats it for a network of three channels', async () => {
    const path = put('gray.png', gray([0, 50, 100, 255]))
    expect([...(await readSamples(path, { shape: [4, 1, 1] })).sample(0)]).toEqual([0, 50, 100, 255])
    expect([...(await readSamples(path, { shape: [1, 2, 2] })).sample(0)]).toEqual([0, 50, 100, 255])
    const three = await readSamples(path, { shape: [3, 2, 2] })
    expect([...three.sample(0)]).toEqual([0, 50, 100, 255, 0, 50, 100, 255, 0, 50, 100, 255])
  })

  it('drops transparency and turns colours into luma', async () => {
    const data = Uint8Array.from([255, 0, 0, 9, 0, 255, 0, 9])
    const path = put('rgba.png', encodePng({ width: 2, height: 1, data, channels: 4, depth: 8 }))
    expect([...(await readSamples(path, { shape: [3, 1, 2] })).sample(0)]).toEqual([255, 0, 0, 255, 0, 0])
    const luma = (await readSamples(path, { shape: [1, 1, 2] })).sample(0)
    expect(luma[0]).toBeCloseTo(76.245, 3)
    expect(luma[1]).toBeCloseTo(149.685, 3)
  })

  it('brings 16 bits to the range of 8', async () => {
    const data = Uint16Array.from([0, 65535, 257, 514])
    const path = put('deep.png', encodePng({ width: 2, height: 2, data, channels: 1, depth: 16 }))
    expect([...(await readSamples(path)).sample(0)]).toEqual([0, 255, 1, 2])
  })

  it('reads a JPEG', async () => {
    const path = join(import.meta.dirname, '../vectors/pictures/gray.jpg')
    const values = (await readSamples(path, { shape: [1, 17, 23] })).sample(0)
    const expected = await readSamples(path.replace(/jpg$/, 'png'), { shape: [1, 17, 23] })
    expect(values).toEqual(expected.sample(0))
  })

  it('reads a folder in natural order and leaves other files alone', async () => {
    const pictures = join(folder, 'pictures')
    mkdirSync(pictures)
    for (const number of [10, 9, 1]) writeFileSync(join(pictures, `${number}.png`), gray([number, 0, 0, 0]))
    writeFileSync(join(pictures, 'notes.txt'), 'notes')
    const samples = await readSamples(pictures, { shape: [1, 2, 2] })
    expect([0, 1, 2].map((index) => samples.sample(index)[0])).toEqual([1, 9, 10])
    const one = await readSamples(pictures, { shape: [1, 2, 2], index: 2 })
    expect(one.name(0)).toBe(join(pictures, '10.png'))
    expect(one.sample(0)[0]).toBe(10)
  })

  it('refuses a picture of another size, naming both', async () => {
    const path = put('large.png', gray([1, 2, 3, 4, 5, 6], 3))
    await expect(readSamples(path, { shape: [1, 28, 28] })).rejects.toThrow(
      '[1, 2, 3]; the network takes samples of shape [1, 28, 28]',
    )
  })

  it('refuses damaged pictures and empty folders', async () => {
    const intact = gray([1, 2, 3, 4])
    const flipped = Uint8Array.from(intact)
    flipped[intact.length - 20] ^= 1
    for (const [name, bytes] of [
      ['cut.png', intact.subarray(0, 40)],
      ['flipped.png', flipped],
      ['text.jpg', Buffer.from('text')],
    ] as const) {
      await expect(readSamples(put(name, bytes)), name).rejects.toMatchObject({ code: 'bad-image' })
    }
    mkdirSync(join(folder, 'empty'))
    await expect(readSamples(join(folder, 'empty'))).rejects.toMatchObject({ code: 'no-samples' })
  })

  it('does not unfold a small file into a large one', async () => {
    const side = 6000
    const honest = Buffer.from(
      encodePng({ width: side, height: 2700, data: new Uint8Array(side * 2700), channels: 1, depth: 8 }),
    )
    expect(honest.length).toBeLessThan(100_000)
    await expect(readSamples(put('wide.png', honest))).resolves.toMatchObject({ shape: [1, 2700, 6000] })
    const lying = shrinkHeader(honest)
    await expect(readSamples(put('lying.png', lying))).rejects.toMatchObject({ code: 'bad-image' })
    const claiming = Buffer.from(honest)
    claiming.writeUInt32BE(100_000, 16)
    await expect(readSamples(put('claiming.png', claiming))).rejects.toMatchObject({ code: 'image-too-large' })
  })

  /** Claims one pixel in the header, and leaves the rest. */
  function shrinkHeader(png: Buffer): Buffer {
    const changed = Buffer.from(png)
    changed.writeUInt32BE(1, 16)
    changed.writeUInt32BE(1, 20)
    return changed
  }
})
