import { describe, expect, it } from 'vitest'
import { kernelCosts, valuingBytes, weightPrice } from '../../src-main/core/plan/cost-model.ts'

describe('a price on bytes', () => {
  const msPerMegabyte = 2
  const valued = valuingBytes(kernelCosts, msPerMegabyte)
  const more = (primitive: Parameters<typeof valued.ms>[0]): number =>
    valued.ms(primitive, 16384, 10) - kernelCosts.ms(primitive, 16384, 10)

  it('is on weights, on keys of rotations, and on what is encrypted for every answer', () => {
    // Two parts of 10 primes, 8 bytes a residue, as ciphertexts are sent.
    expect(more('encrypt')).toBeCloseTo((msPerMegabyte * 2 * 10 * 16384 * 8) / 1e6)
    // A bundle's weights are packed, their second part is a seed.
    expect(weightPrice(valued, 16384, 10)).toBeCloseTo((msPerMegabyte * 10 * 16384 * 5) / 1e6)
    expect(more('rotate')).toBeGreaterThan(0)
    for (const primitive of ['multiply', 'relinearise', 'rescale', 'encode'] as const) expect(more(primitive)).toBe(0)
  })
})
