const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]
const alignment = 64

/** Numbers as a .npy file of version 1.0, 64-bit floats in C order. */
export function npyFile(dims: readonly number[], values: Float64Array): Uint8Array {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${dims.join(', ')},), }`
  const unpadded = magic.length + 2 + header.length + 1
  const headerBytes = header.length + 1 + ((alignment - (unpadded % alignment)) % alignment)
  const start = magic.length + 2 + headerBytes
  const file = new Uint8Array(start + 8 * values.length)
  const view = new DataView(file.buffer)
  file.set(magic)
  view.setUint16(magic.length, headerBytes, true)
  file.set(new TextEncoder().encode(header.padEnd(headerBytes - 1) + '\n'), magic.length + 2)
  values.forEach((value, at) => view.setFloat64(start + 8 * at, value, true))
  return file
}
