import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packResidues, unpackResidues } from '../../src-main/core/bundle/residues.ts'

describe('packed residues', () => {
  it('come back as they were, for every width', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 60 }),
        fc.infiniteStream(fc.bigInt(0n, 2n ** 60n - 1n)),
        (bits, stream) => {
          const values = BigUint64Array.from({ length: 64 }, () => stream.next().value! & (2n ** BigInt(bits) - 1n))
          const words = new Uint32Array(values.buffer)
          const packed = packResidues(words, bits)
          expect(packed.length).toBe((64 * bits) / 8)
          const again = new Uint32Array(words.length)
          unpackResidues(packed, bits, again)
          expect(again).toEqual(words)
        },
      ),
    )
  })

  it('start at the lowest bit', () => {
    const words = new Uint32Array(64)
    words.set([1, 0, 3, 0])
    expect([...packResidues(words, 36).subarray(0, 6)]).toEqual([1, 0, 0, 0, 0x30, 0])
  })
})
