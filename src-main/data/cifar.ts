import type { ByteSource } from './byte-source.ts'
import { storedArray, type StoredArray } from './stored-array.ts'

const PICTURE_BYTES = 3 * 32 * 32
const CLASSES = { 1: 10, 2: 100 } as const

export interface LabelledArray {
  readonly array: StoredArray
  readonly labels: ArrayLike<number>
}

/**
 * The binary version of CIFAR-10 (one label in front of each picture) or CIFAR-100 (two, of which the finer counts);
 * undefined where the length or a label says that it is neither. https://www.cs.toronto.edu/~kriz/cifar.html
 */
export function parseCifar(source: ByteSource): LabelledArray | undefined {
  for (const labelBytes of [1, 2] as const) {
    const recordBytes = labelBytes + PICTURE_BYTES
    if (source.length % recordBytes !== 0) continue
    const count = source.length / recordBytes
    const labels = Uint8Array.from({ length: count }, (_, i) => source.read(i * recordBytes + labelBytes - 1, 1)[0])
    if (labels.some((label) => label >= CLASSES[labelBytes])) continue
    return { labels, array: withoutLabels(source, count, labelBytes) }
  }
  return undefined
}

function withoutLabels(source: ByteSource, count: number, labelBytes: number): StoredArray {
  const stored = storedArray(source, 0, [source.length], { kind: 'u1', littleEndian: true })
  const record = labelBytes + PICTURE_BYTES
  return {
    dims: [count, 3, 32, 32],
    read(start, length) {
      const values = new Uint8Array(length)
      for (let filled = 0; filled < length;) {
        const index = Math.floor((start + filled) / PICTURE_BYTES)
        const within = (start + filled) % PICTURE_BYTES
        const run = Math.min(PICTURE_BYTES - within, length - filled)
        values.set(stored.read(index * record + labelBytes + within, run), filled)
        filled += run
      }
      return values
    },
  }
}
