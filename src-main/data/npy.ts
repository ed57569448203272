import { UserError } from '../core/errors.ts'

/** A row-major array of numbers, as stored. */
export interface NumberArray {
  readonly dims: readonly number[]
  readonly values: ArrayLike<number>
}

/** NumPy's own magic number and version, see the NEP 1 file format. */
const MAGIC = '\x93NUMPY'

type Reader = (view: DataView, offset: number, littleEndian: boolean) => number

const wide =
  (read: (view: DataView, offset: number, littleEndian: boolean) => bigint): Reader =>
  (view, offset, littleEndian) =>
    Number(read(view, offset, littleEndian))

/** Kind and bytes per value, as NumPy's dtype strings spell them. */
const READERS: Readonly<Record<string, Reader>> = {
  b1: (view, offset) => view.getUint8(offset),
  u1: (view, offset) => view.getUint8(offset),
  i1: (view, offset) => view.getInt8(offset),
  u2: (view, offset, little) => view.getUint16(offset, little),
  i2: (view, offset, little) => view.getInt16(offset, little),
  u4: (view, offset, little) => view.getUint32(offset, little),
  i4: (view, offset, little) => view.getInt32(offset, little),
  u8: wide((view, offset, little) => view.getBigUint64(offset, little)),
  i8: wide((view, offset, little) => view.getBigInt64(offset, little)),
  f4: (view, offset, little) => view.getFloat32(offset, little),
  f8: (view, offset, little) => view.getFloat64(offset, little),
}

/**
 * Reads one .npy file: booleans, integers, float32 and float64, either byte order, C order.
 * @throws UserError bad-npy
 */
export function parseNpy(bytes: Uint8Array, file: string): NumberArray {
  const fail = (message: string, hint?: string): never => {
    throw new UserError('bad-npy', `${file} ${message}.`, { where: { file }, hint })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12 || latin1(bytes.subarray(0, 6)) !== MAGIC) fail('is not a .npy file')
  const long = bytes[6] >= 2
  const headerStart = long ? 12 : 10
  const dataStart = headerStart + (long ? view.getUint32(8, true) : view.getUint16(8, true))
  if (bytes[6] > 3 || dataStart > bytes.length) fail('has a damaged .npy header')
  const header = latin1(bytes.subarray(headerStart, dataStart))

  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(header)
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)
  if (!descr || !shape || !order) return fail('has a .npy header without a plain type, order and shape')
  const [, byteOrder, kind, itemBytes] = descr
  const read = READERS[kind + itemBytes]
  if (!read) return fail(`holds values of type ${kind}${itemBytes}`, "Save it with .astype('float32') or 'uint8'.")
  if (order[1] === 'True') fail('is in Fortran order', 'Save numpy.ascontiguousarray(x).')

  const dims = shape[1]
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  const count = dims.reduce((product, dim) => product * dim, 1)
  const dataBytes = count * Number(itemBytes)
  if (dataStart + dataBytes !== bytes.length) {
    fail(`should have ${dataBytes} bytes of data for shape [${dims.join(', ')}] but has ${bytes.length - dataStart}`)
  }
  if (itemBytes === '1' && kind !== 'i') return { dims, values: bytes.subarray(dataStart) }
  return { dims, values: valuesOf(view, dataStart, count, Number(itemBytes), read, byteOrder !== '>') }
}

function valuesOf(view: DataView, start: number, count: number, itemBytes: number, read: Reader, little: boolean) {
  const values = itemBytes <= 4 && read === READERS.f4 ? new Float32Array(count) : new Float64Array(count)
  for (let index = 0; index < count; index++) values[index] = read(view, start + index * itemBytes, little)
  return values
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
