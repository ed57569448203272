import { describe, expect, it } from 'vitest'
import { inMemory } from '../../src-main/data/byte-source.ts'
import { npyFile } from '../../src-main/data/npy-file.ts'
import { parseNpy } from '../../src-main/data/npy.ts'

describe('npyFile', () => {
  it.each([[[3]], [[1, 1, 2, 2]], [[2, 3, 4, 5]]])('of %j is read back as it was', (dims) => {
    const values = Float64Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, at) => at / 3 - 1)
    const file = npyFile(dims, values)
    const array = parseNpy(inMemory(file), 'made here')
    expect([...array.dims]).toEqual(dims)
    expect(Array.from(array.read(0, values.length))).toEqual(Array.from(values))
    expect((file.length - 8 * values.length) % 64).toBe(0)
  })
})
