import { exactBytes } from '../core/units.ts'
import { UserError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { MAX_FORTRAN_BYTES, NUMBER_BYTES, sizeOfDims, storedArray, type StoredArray } from './stored-array.ts'

/** NumPy's own magic number and version, see the NEP 1 file format. */
const MAGIC = '\x93NUMPY'
/** NumPy itself reads no more unless told. */
const MAX_HEADER_BYTES = 10_000
const MAX_AXES = 32

interface Header {
  readonly dataStart: number
  readonly littleEndian: boolean
  /** U1, S3, f4, …: the dtype without its byte order. */
  readonly type: string
  readonly isFortran: boolean
  readonly dims: readonly number[]
}

/**
 * One .npy file: booleans, integers, float16 to float64, either byte order, C or Fortran order.
 * @throws UserError bad-npy
 */
export function parseNpy(source: ByteSource, file: string): StoredArray {
  const header = headerOf(source, file)
  const { type, dims, dataStart, littleEndian, isFortran } = header
  const itemBytes = NUMBER_BYTES[type]
  if (!itemBytes) throw badNpy(file, `holds values of type ${type}`, "Save it with .astype('float32') or 'uint8'.")
  checkLength(header, itemBytes, source, file)
  if (isFortran && sizeOfDims(dims) * itemBytes > MAX_FORTRAN_BYTES) {
    throw badNpy(file, 'is too large to be read in Fortran order', 'Save numpy.ascontiguousarray(x).')
  }
  return storedArray(source, dataStart, dims, { kind: type, littleEndian }, isFortran)
}

/** Text of a .npy file of one axis, which NumPy stores as UCS-4 or bytes; undefined where it holds numbers. @throws UserError bad-npy */
export function parseNpyText(source: ByteSource, file: string): string[] | undefined {
  const header = headerOf(source, file)
  const { type, dims, dataStart, littleEndian } = header
  const [, kind, characters] = /^([US])(\d+)$/.exec(type) ?? []
  if (kind === undefined) return undefined
  const itemBytes = Number(characters) * (kind === 'U' ? 4 : 1)
  checkLength(header, itemBytes, source, file)
  if (dims.filter((dim) => dim !== 1).length > 1) throw badNpy(file, `holds text in shape [${dims.join(', ')}]`)
  const decode = kind === 'S' ? latin1 : (bytes: Uint8Array) => ucs4(bytes, littleEndian)
  const all = source.read(dataStart, sizeOfDims(dims) * itemBytes)
  return Array.from({ length: sizeOfDims(dims) }, (_, i) =>
    decode(all.subarray(i * itemBytes, (i + 1) * itemBytes)).replace(/\0+$/, ''),
  )
}

function headerOf(source: ByteSource, file: string): Header {
  const start = source.read(0, 12)
  if (start.length < 12 || latin1(start.subarray(0, 6)) !== MAGIC) throw badNpy(file, 'is not a .npy file')
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  const long = start[6] >= 2
  const headerStart = long ? 12 : 10
  const headerBytes = long ? view.getUint32(8, true) : view.getUint16(8, true)
  const dataStart = headerStart + headerBytes
  if (start[6] > 3 || headerBytes > MAX_HEADER_BYTES || dataStart > source.length) {
    throw badNpy(file, 'has a damaged .npy header')
  }
  const header = latin1(source.read(headerStart, headerBytes))
  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(header)
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)
  if (descr?.[2] === 'O' || /'descr'\s*:\s*'\|O'/.test(header)) {
    throw badNpy(file, 'holds Python objects', "Save it with .astype('float32'), or text with .astype(str).")
  }
  if (!descr || !shape || !order) throw badNpy(file, 'has a .npy header without a plain type, order and shape')
  const parts = shape[1].split(',').filter((part) => part.trim() !== '')
  if (parts.length > MAX_AXES) throw badNpy(file, `has ${parts.length} axes`)
  return {
    dataStart,
    littleEndian: descr[1] !== '>',
    type: descr[2] + descr[3],
    isFortran: order[1] === 'True',
    dims: parts.map(Number),
  }
}

function checkLength({ dims, dataStart }: Header, itemBytes: number, source: ByteSource, file: string): void {
  const dataBytes = sizeOfDims(dims) * itemBytes
  if (dataStart + dataBytes === source.length) return
  const [shape, found] = [`[${dims.join(', ')}]`, source.length - dataStart]
  throw badNpy(file, `says that it holds ${shape}, which takes ${exactBytes(dataBytes)}, but has ${exactBytes(found)}`)
}

const badNpy = (file: string, message: string, hint?: string): UserError =>
  new UserError('bad-npy', `${file} ${message}.`, { where: { file }, hint })

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function ucs4(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const points = Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, littleEndian))
  return String.fromCodePoint(...points.map((point) => (point > 0x10ffff ? 0xfffd : point)))
}
