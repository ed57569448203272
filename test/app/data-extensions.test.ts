import { describe, expect, it } from 'vitest'
import { dataExtensions, looksLikeData } from '../../src-main/app/data-extensions.ts'

describe('a file that looks like data', () => {
  it('is whatever the file dialogs offer as samples or labels', () => {
    const offered = [...dataExtensions.samples, ...dataExtensions.labels]
    expect(offered.filter((extension) => !looksLikeData(`/home/me/mine.${extension}`))).toEqual([])
  })

  it.each([
    ...['train-images-idx3-ubyte', 'train-images.idx3-ubyte', 'data_batch_1.bin', 'a.parquet', 'MNIST.NPZ', 'x.csv.gz'],
    'yes.wav',
  ])('is %s', (name) => {
    expect(looksLikeData(name)).toBe(true)
  })

  it.each(['net.onnx', 'net.tflite', 'net', 'mine.sealproj', 'mine.sealed', '7.result', 'npy', 'csv.onnx', 'notes.md'])(
    'is not %s',
    (name) => {
      expect(looksLikeData(name)).toBe(false)
    },
  )
})
