type Values =
  Uint8Array | Uint8ClampedArray | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array | BigInt64Array

const DTYPES = new Map<unknown, string>([
  [Uint8Array, '|u1'],
  [Int8Array, '|i1'],
  [Int16Array, '<i2'],
  [Int32Array, '<i4'],
  [BigInt64Array, '<i8'],
  [Float32Array, '<f4'],
  [Float64Array, '<f8'],
])

/** A .npy file (version 1.0, C order) holding `values` in `dims`. */
export function npyFile(dims: readonly number[], values: Values): Uint8Array {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ')
  const text = `{'descr': '${DTYPES.get(values.constructor)}', 'fortran_order': False, 'shape': (${shape}), }`
  const header = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + '\n'
  const start = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.alloc(2), Buffer.from(header)])
  start.writeUInt16LE(header.length, 8)
  return Buffer.concat([start, Buffer.from(values.buffer, values.byteOffset, values.byteLength)])
}
