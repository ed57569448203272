/** NumPy's format 1.0: float64 samples of shape [1, 2, 2]. */
export function npy(values: readonly number[]): Uint8Array {
  const shape = `(${values.length / 4}, 1, 2, 2)`
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n'
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.of(header.length, 0),
    Buffer.from(header),
    Buffer.from(Float64Array.from(values).buffer),
  ])
}
