import { exactBytes } from '../units.ts'
import { UserError } from '../errors.ts'
import { present } from '../must.ts'
import { withFiniteBound } from '../graph/bounds.ts'
import type { ElementType, Tensor } from '../graph/graph.ts'
import { integerTypeOf } from '../graph/integer-types.ts'
import { fromBfloat16, fromFloat16 } from './half-floats.ts'
import { toNumber, type Int64, type TensorProto } from './schema.ts'

/** Returns the bytes of the file at `location`, a path relative to the model; throws UserError where it may not be read. */
export type ExternalData = (location: string) => Uint8Array

interface Format {
  readonly element: ElementType
  readonly bytes: number
  readonly read: (view: DataView, offset: number) => number
  /** The repeated field that holds the values where `raw_data` does not. */
  readonly field: 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data'
  /** From the field's integers to the value, where they are bit patterns. */
  readonly decode?: (bits: number) => number
  /** Where several values share a byte, of `raw_data` and of the field alike: how many bits each has. */
  readonly packed?: 2 | 4
}

/** TensorProto.DataType → layout; every other type is refused by name or number. */
const formats: ReadonlyMap<number, Format> = new Map<number, Format>([
  [1, { element: 'float', bytes: 4, read: (view, at) => view.getFloat32(at, true), field: 'floatData' }],
  [2, { element: 'int', bytes: 1, read: (view, at) => view.getUint8(at), field: 'int32Data' }],
  [3, { element: 'int', bytes: 1, read: (view, at) => view.getInt8(at), field: 'int32Data' }],
  [4, { element: 'int', bytes: 2, read: (view, at) => view.getUint16(at, true), field: 'int32Data' }],
  [5, { element: 'int', bytes: 2, read: (view, at) => view.getInt16(at, true), field: 'int32Data' }],
  [6, { element: 'int', bytes: 4, read: (view, at) => view.getInt32(at, true), field: 'int32Data' }],
  [7, { element: 'int', bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)), field: 'int64Data' }],
  [9, { element: 'bool', bytes: 1, read: (view, at) => Number(view.getUint8(at) !== 0), field: 'int32Data' }],
  [10, half(fromFloat16)],
  [11, { element: 'float', bytes: 8, read: (view, at) => view.getFloat64(at, true), field: 'doubleData' }],
  [12, { element: 'int', bytes: 4, read: (view, at) => view.getUint32(at, true), field: 'uint64Data' }],
  [13, { element: 'int', bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)), field: 'uint64Data' }],
  [16, half(fromBfloat16)],
  [21, packed(4, false)],
  [22, packed(4, true)],
  [25, packed(2, false)],
  [26, packed(2, true)],
])

function half(decode: (bits: number) => number): Format {
  const read = (view: DataView, at: number): number => decode(view.getUint16(at, true))
  return { element: 'float', bytes: 2, read, field: 'int32Data', decode }
}

/** Integers of 4 or 2 bits, the first of a byte in its lowest bits. */
function packed(bits: 2 | 4, isSigned: boolean): Format {
  const perByte = 8 / bits
  const read = (view: DataView, at: number): number => {
    const value = (view.getUint8(Math.floor(at / perByte)) >> ((at % perByte) * bits)) & (2 ** bits - 1)
    return isSigned && value >= 2 ** (bits - 1) ? value - 2 ** bits : value
  }
  return { element: 'int', bytes: 1, read, field: 'int32Data', packed: bits }
}

/** The kind of elements that a TensorProto.DataType stands for. */
export function elementTypeOf(dataType: number | undefined): ElementType {
  if (dataType === 8) return 'string'
  return formats.get(dataType ?? 0)?.element ?? 'other'
}

/** Weights larger than this are not a network that can be encrypted; it also bounds the memory a file can ask for. */
const maximumElements = 2 ** 28

/** Decodes one tensor; `where` names it in errors. NaN is refused, and infinity but for bounds. */
export function readTensor(proto: TensorProto, where: string, externalData?: ExternalData): Tensor {
  const fail = (message: string, hint?: string) =>
    new UserError('bad-tensor', `Tensor “${where}”: ${message}.`, { where: { node: where }, hint })
  const shape = proto.dims.map(toNumber)
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) throw fail(`its shape is [${shape}]`)
  const count = shape.reduce((product, size) => product * size, 1)
  if (count > maximumElements) throw fail(`its shape [${shape}] has too many elements`)
  if (proto.dataType === STRING) return names(count, shape, proto, fail)
  const format = formats.get(proto.dataType ?? 0)
  if (!format) throw fail(`its data type ${typeName(proto.dataType ?? 0)} is not supported`, 'Export float32 weights.')
  const field = proto[format.field]
  const raw =
    proto.dataLocation === 1 ? readExternal(proto, externalData, fail) : hasRaw(proto) ? proto.rawData : undefined
  if (raw && field.length > 0) throw fail('its values are stored twice')
  const decoded = raw ? decodeRaw(raw, count, format, shape, fail) : decodeField(field, count, format, shape, fail)
  const data = withFiniteBound(shape, decoded)
  if (format.element === 'float' && !data.every(Number.isFinite)) throw fail('it holds a NaN or an infinity')
  const integer = integerTypeOf(proto.dataType)
  return { elementType: format.element, shape, data, ...(integer && { integer }) }
}

const STRING = 8

/** Of the types that are not read: of TensorProto.DataType. */
const typeNames: ReadonlyMap<number, string> = new Map([
  [14, 'complex64'],
  [15, 'complex128'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [23, 'float4e2m1'],
  [24, 'float8e8m0'],
])
const typeName = (dataType: number): string => typeNames.get(dataType) ?? `(number ${dataType})`

/** Class names, as the numbers of their places: what only labels need must not stop the rest. */
function names(count: number, shape: readonly number[], { stringData }: TensorProto, fail: Fail): Tensor {
  if (stringData.length !== count)
    throw fail(`it has ${stringData.length} strings, but its shape [${shape}] needs ${count}`)
  const texts = stringData.map((bytes) => new TextDecoder().decode(bytes))
  return { elementType: 'string', shape, data: Float64Array.from({ length: count }, (_, index) => index), texts }
}

/** An absent `raw_data` reads as empty bytes of the prototype. */
const hasRaw = (proto: TensorProto): boolean => Object.hasOwn(proto, 'rawData') && present(proto.rawData).length > 0

type Fail = (message: string, hint?: string) => UserError

function decodeRaw(raw: Uint8Array, count: number, format: Format, shape: readonly number[], fail: Fail) {
  const bytes = format.packed ? Math.ceil((count * format.packed) / 8) : count * format.bytes
  if (raw.byteLength !== bytes) {
    throw fail(`it has ${exactBytes(raw.byteLength)}, but its shape [${shape}] needs ${exactBytes(bytes)}`)
  }
  if (format.bytes === 4 && format.element === 'float' && raw.byteOffset % 4 === 0) {
    return Float64Array.from(new Float32Array(raw.buffer, raw.byteOffset, count))
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const data = new Float64Array(count)
  for (let index = 0; index < count; index++) data[index] = format.read(view, index * format.bytes)
  return data
}

function decodeField(
  field: readonly Int64[],
  count: number,
  format: Format,
  shape: readonly number[],
  fail: Fail,
): Float64Array {
  if (format.packed) return decodeRaw(Uint8Array.from(field, toNumber), count, format, shape, fail)
  if (field.length !== count) {
    throw fail(`it has ${field.length} values, but its shape [${shape}] needs ${count}`)
  }
  const decode = format.decode ?? ((value: number) => value)
  const data = new Float64Array(count)
  for (let index = 0; index < count; index++) data[index] = decode(toNumber(field[index]))
  return data
}

function readExternal(proto: TensorProto, externalData: ExternalData | undefined, fail: Fail): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key ?? '', value ?? '']))
  const location = entries.get('location') ?? ''
  if (location === '') throw fail('its external data has no location')
  if (!externalData) throw fail(`its values are in another file, “${location}”`, 'Open the model from its folder.')
  const bytes = externalData(location)
  const offset = wholeNumber(entries.get('offset') ?? '0')
  const length = wholeNumber(entries.get('length') ?? String(bytes.byteLength - (offset ?? 0)))
  if (offset === undefined || length === undefined || offset + length > bytes.byteLength) {
    throw fail(`its place in “${location}” lies outside that file`)
  }
  const taken = (takenOf.get(bytes) ?? 0) + length
  if (taken > mostShared * bytes.byteLength)
    throw fail(`the tensors in “${location}” add up to far more than that file`)
  takenOf.set(bytes, taken)
  return bytes.subarray(offset, offset + length)
}

/** How many bytes tensors have taken from a file; some tensors share theirs, but a small file may not become many. */
const takenOf = new WeakMap<Uint8Array, number>()
const mostShared = 4

const wholeNumber = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined)
