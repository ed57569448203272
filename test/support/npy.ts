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

/** Text as NumPy stores it: UCS-4, or bytes. */
export function npyText(texts: readonly string[], kind: 'U' | 'S' = 'U'): Uint8Array {
  const length = Math.max(...texts.map((text) => text.length))
  const padded = texts.map((text) => text.padEnd(length, '\0')).join('')
  const points = Array.from(padded, (character) => character.charCodeAt(0))
  const data = kind === 'U' ? Int32Array.from(points) : Uint8Array.from(points)
  const file = Buffer.from(npyFile([texts.length], data.subarray(0, texts.length)))
  const type = `'${kind === 'U' ? '<' : '|'}${kind}${length}'`
  const header = file
    .subarray(0, 128)
    .toString('latin1')
    .replace(/'[<|][iu]\d'/, type)
  const end = file.readUInt16LE(8) + 10
  const text =
    header
      .slice(10, 128)
      .split('\n')[0]
      .trimEnd()
      .padEnd(end - 11) + '\n'
  return Buffer.concat([file.subarray(0, 10), Buffer.from(text, 'latin1'), Buffer.from(data.buffer)])
}
