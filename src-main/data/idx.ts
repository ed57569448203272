import { exactBytes } from '../core/units.ts'
import { UserError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { NUMBER_BYTES, sizeOfDims, storedArray, type StoredArray } from './stored-array.ts'

/** By the third byte; all are big-endian: http://yann.lecun.com/exdb/mnist */
const TYPES: Readonly<Record<number, string>> = {
  0x08: 'u1',
  0x09: 'i1',
  0x0b: 'i2',
  0x0c: 'i4',
  0x0d: 'f4',
  0x0e: 'f8',
}
const MAX_AXES = 4

/** Whether a file may be MNIST's format: two zero bytes, a type, and a number of axes. */
export function isIdx(source: ByteSource): boolean {
  const [first, second, type, axes] = source.read(0, 4)
  return first === 0 && second === 0 && type in TYPES && axes >= 1 && axes <= MAX_AXES
}

/** An idx file, as MNIST, Fashion-MNIST and EMNIST are published. @throws UserError bad-idx */
export function parseIdx(source: ByteSource, file: string): StoredArray {
  const fail = (message: string): never => {
    throw new UserError('bad-idx', `${file} ${message}.`, { where: { file } })
  }
  if (!isIdx(source)) fail('is not an idx file')
  const [, , type, axes] = source.read(0, 4)
  const sizes = source.read(4, 4 * axes)
  if (sizes.length < 4 * axes) fail('ends within its header')
  const view = new DataView(sizes.buffer, sizes.byteOffset, sizes.byteLength)
  const dims = Array.from({ length: axes }, (_, axis) => view.getUint32(4 * axis))
  const dataStart = 4 + 4 * axes
  const kind = TYPES[type]
  const dataBytes = sizeOfDims(dims) * NUMBER_BYTES[kind]
  const found = source.length - dataStart
  if (found !== dataBytes)
    fail(`says that it holds [${dims.join(', ')}], which takes ${exactBytes(dataBytes)}, but has ${exactBytes(found)}`)
  return storedArray(source, dataStart, dims, { kind, littleEndian: false })
}

/** The name under which MNIST's labels lie beside its images: train-labels-idx1-ubyte to train-images-idx3-ubyte. */
export function labelsOfIdx(path: string): string | undefined {
  const labels = path.replace(/images([.-])idx3(?=[^/\\]*$)/i, 'labels$1idx1')
  return labels === path ? undefined : labels
}
