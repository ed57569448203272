import { UserError } from '../errors.ts'
import { withFiniteBound } from '../graph/bounds.ts'
import type { Tensor } from '../graph/graph.ts'
import type { IntegerType } from '../graph/integer-types.ts'
import { countOf } from '../graph/shapes.ts'
import { fromFloat16 } from '../onnx/half-floats.ts'
import { badFile, elementAt, type FlatFile, type FlatTable } from './flat-table.ts'
import * as schema from './schema.ts'

/** A tensor of the file: its shape, what its integers stand for, and where its values are. */
export interface TfliteTensor {
  readonly name: string
  readonly shape: readonly number[]
  /** −1 where a size is free. */
  readonly signature: readonly number[]
  readonly type: number
  readonly integer: IntegerType | undefined
  readonly quantisation: Quantisation | undefined
  readonly bytes: Uint8Array | undefined
}

/** One scale and zero point, or one for each position along `axis`. */
export interface Quantisation {
  readonly scales: readonly number[]
  readonly zeros: readonly number[]
  readonly axis: number
}

const { types } = schema

const integers: ReadonlyMap<number, IntegerType> = new Map([
  [types.int4, 'int4'],
  [types.int8, 'int8'],
  [types.uint8, 'uint8'],
  [types.int16, 'int16'],
  [types.uint16, 'uint16'],
  [types.int32, 'int32'],
  [types.uint32, 'uint32'],
  [types.int64, 'int64'],
])

/** One tensor of a subgraph, its bytes as the file has them. @throws UserError bad-tflite, bad-tensor if it is sparse */
export function readTensor(
  table: FlatTable,
  index: number,
  buffers: readonly (Uint8Array | undefined)[],
): TfliteTensor {
  const shape = table.ints(schema.tensor.shape) ?? []
  const signature = table.ints(schema.tensor.shapeSignature) ?? shape
  const type = table.byte(schema.tensor.type)
  if (shape.some((size) => size < 0)) throw badFile(`tensor ${index} has the shape [${shape}]`)
  if (table.table(schema.tensor.sparsity)) {
    throw new UserError('bad-tensor', `Tensor ${index} is sparse.`, { hint: 'Convert without sparse weights.' })
  }
  const buffer = table.int(schema.tensor.buffer)
  // A list without elements, such as the shape of a number by itself, is a constant whose buffer holds nothing.
  const isEmpty = buffer > 0 && shape.includes(0) && !signature.includes(-1)
  const bytes = buffers[buffer] ?? (isEmpty ? new Uint8Array() : undefined)
  return {
    name: table.text(schema.tensor.name),
    shape,
    signature: signature.length === shape.length ? signature : shape,
    type,
    integer: integers.get(type),
    quantisation: readQuantisation(table.table(schema.tensor.quantization), shape, index),
    bytes: bytes && (bytes.byteLength > 0 || isEmpty) ? bytes : undefined,
  }
}

function readQuantisation(
  table: FlatTable | undefined,
  shape: readonly number[],
  index: number,
): Quantisation | undefined {
  const scales = table?.floats(schema.quantization.scale) ?? []
  if (!table || scales.length === 0) return undefined
  const zeros = table.longs(schema.quantization.zeroPoint)
  const axis = table.int(schema.quantization.quantizedDimension)
  const isPerAxis = scales.length > 1
  const fits = !isPerAxis || shape[axis] === scales.length
  if (!fits || (zeros.length > 1 && zeros.length !== scales.length) || !scales.every((scale) => scale > 0)) {
    throw badFile(`the scales of tensor ${index} do not fit its shape [${shape}]`)
  }
  return { scales, zeros: zeros.length > 0 ? zeros : [0], axis: isPerAxis ? axis : 0 }
}

/** Buffer 0 is always empty; large files keep data behind the flatbuffer. */
export function readBuffer(table: FlatTable, file: FlatFile): Uint8Array | undefined {
  const [offset, size] = [table.unsignedLong(schema.buffer.offset), table.unsignedLong(schema.buffer.size)]
  if (offset <= 1) return table.bytes(schema.buffer.data)
  return file.bytes.subarray(file.check(offset, size), offset + size)
}

interface Format {
  readonly bits: number
  readonly read: (view: DataView, index: number) => number
}

const formats: ReadonlyMap<number, Format> = new Map<number, Format>([
  [types.float32, { bits: 32, read: (view, index) => view.getFloat32(4 * index, true) }],
  [types.float16, { bits: 16, read: (view, index) => fromFloat16(view.getUint16(2 * index, true)) }],
  [types.float64, { bits: 64, read: (view, index) => view.getFloat64(8 * index, true) }],
  [types.int8, { bits: 8, read: (view, index) => view.getInt8(index) }],
  [types.uint8, { bits: 8, read: (view, index) => view.getUint8(index) }],
  [types.bool, { bits: 8, read: (view, index) => Number(view.getUint8(index) !== 0) }],
  [types.int16, { bits: 16, read: (view, index) => view.getInt16(2 * index, true) }],
  [types.uint16, { bits: 16, read: (view, index) => view.getUint16(2 * index, true) }],
  [types.int32, { bits: 32, read: (view, index) => view.getInt32(4 * index, true) }],
  [types.uint32, { bits: 32, read: (view, index) => view.getUint32(4 * index, true) }],
  [types.int64, { bits: 64, read: (view, index) => Number(view.getBigInt64(8 * index, true)) }],
  /** Two in a byte, the lower half first. */
  [types.int4, { bits: 4, read: (view, index) => (view.getInt8(index >> 1) << (index % 2 ? 24 : 28)) >> 28 }],
])

/** The values of a constant, dequantised where they are quantised. */
export function decode(tensor: TfliteTensor, file: FlatFile): Tensor {
  const { name, shape, type, bytes, integer, quantisation } = tensor
  const fail = (message: string): UserError => new UserError('bad-tensor', `Tensor “${name}”: ${message}.`)
  const format = formats.get(type)
  if (!format) throw fail(`its data type (number ${type}) is not supported`)
  const count = countOf(shape)
  if (!bytes || bytes.byteLength !== Math.ceil((count * format.bits) / 8)) {
    throw fail(`it has ${bytes?.byteLength ?? 0} bytes, but its shape [${shape}] needs another number`)
  }
  file.spend(count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data = new Float64Array(count)
  const { scales, zeros, axis } = quantisation ?? { scales: [1], zeros: [0], axis: 0 }
  const inner = countOf(shape.slice(axis + 1))
  for (let index = 0; index < count; index++) {
    const value = format.read(view, index)
    const position = scales.length > 1 ? Math.floor(index / inner) % scales.length : 0
    const zero = elementAt(zeros, zeros.length > 1 ? position : 0)
    data[index] = (value - zero) * elementAt(scales, position)
  }
  const values = withFiniteBound(shape, data)
  if (!values.every(Number.isFinite)) throw fail('it holds a NaN or an infinity')
  if (integer && !quantisation) return { elementType: 'int', shape, data: values, integer }
  return { elementType: type === types.bool ? 'bool' : 'float', shape, data: values }
}
