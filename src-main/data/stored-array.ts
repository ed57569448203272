import { fromFloat16 } from '../core/onnx/half-floats.ts'
import { MAX_FILE_BYTES } from '../files/read-file.ts'
import type { ByteSource } from './byte-source.ts'

/** A row-major array of numbers, which stay in their stored type until they are used. */
export interface StoredArray {
  readonly dims: readonly number[]
  /** Values `start` to `start + count`, in C order. */
  readonly read: (start: number, count: number) => ArrayLike<number>
}

/** Kind and bytes of a value, as NumPy's dtype strings spell them: u1, i2, f4, … */
export interface NumberType {
  readonly kind: string
  readonly littleEndian: boolean
}

/** Bytes of one value, for the types that are read. */
export const NUMBER_BYTES: Readonly<Record<string, number>> = {
  b1: 1,
  u1: 1,
  i1: 1,
  u2: 2,
  i2: 2,
  f2: 2,
  u4: 4,
  i4: 4,
  f4: 4,
  u8: 8,
  i8: 8,
  f8: 8,
}

export const sizeOfDims = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)

/** Numbers that begin at `dataStart` of the source. The caller has compared its length with the dimensions. */
export function storedArray(
  source: ByteSource,
  dataStart: number,
  dims: readonly number[],
  type: NumberType,
  isFortran = false,
): StoredArray {
  const itemBytes = NUMBER_BYTES[type.kind]
  const read = (start: number, count: number): ArrayLike<number> =>
    numbersOf(source.read(dataStart + start * itemBytes, count * itemBytes), type)
  const long = dims.filter((dim) => dim !== 1)
  return { dims, read: isFortran && long.length > 1 ? inCOrder(read, dims) : read }
}

/** The first axis of a Fortran array runs fastest, so its rows are gathered from all over the array. */
function inCOrder(read: StoredArray['read'], dims: readonly number[]): StoredArray['read'] {
  let all: ArrayLike<number> | undefined
  const strides = dims.map((_, axis) => sizeOfDims(dims.slice(0, axis)))
  return (start, count) => {
    const values = (all ??= read(0, sizeOfDims(dims)))
    return Float64Array.from({ length: count }, (_, i) => {
      let [rest, offset] = [start + i, 0]
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        offset += (rest % dims[axis]) * strides[axis]
        rest = Math.floor(rest / dims[axis])
      }
      return values[offset]
    })
  }
}

/** Fortran arrays are held as a whole. */
export const MAX_FORTRAN_BYTES = MAX_FILE_BYTES

function numbersOf(stored: Uint8Array, { kind, littleEndian }: NumberType): ArrayLike<number> {
  if (kind === 'u1' || kind === 'b1') return stored
  if (kind === 'i1') return new Int8Array(stored.buffer, stored.byteOffset, stored.length)
  const itemBytes = NUMBER_BYTES[kind]
  const aligned = littleEndian && stored.byteOffset % itemBytes === 0
  const { buffer, byteOffset } = aligned ? stored : inHostOrder(stored, itemBytes, littleEndian)
  const count = stored.length / itemBytes
  switch (kind) {
    case 'u2':
      return new Uint16Array(buffer, byteOffset, count)
    case 'i2':
      return new Int16Array(buffer, byteOffset, count)
    case 'f2':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), fromFloat16)
    case 'u4':
      return new Uint32Array(buffer, byteOffset, count)
    case 'i4':
      return new Int32Array(buffer, byteOffset, count)
    case 'f4':
      return new Float32Array(buffer, byteOffset, count)
    case 'f8':
      return new Float64Array(buffer, byteOffset, count)
    case 'u8':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, count), Number)
    default:
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, count), Number)
  }
}

/** A copy, little-endian as every machine that Node runs on. */
function inHostOrder(stored: Uint8Array, itemBytes: number, littleEndian: boolean): Uint8Array {
  const copy = Buffer.from(new Uint8Array(stored).buffer)
  if (littleEndian) return copy
  return itemBytes === 2 ? copy.swap16() : itemBytes === 4 ? copy.swap32() : copy.swap64()
}
