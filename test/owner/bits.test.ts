import { describe, expect, it } from 'vitest'
import { answersWithin, bitsPerAnswer, lifetimeBits } from '../../src-main/owner/budget/bits.ts'
import { floodingDeviation } from '../../src-main/owner/flood.ts'

const flooding = { noise: 1e-9, spread: 10, releases: 30, statisticalBits: 30 }
const ten = { outputs: 10, batch: 1, flooding }

describe('the bits of an answer', () => {
  it('are those of a label, of the order of the largest, and of the scores', () => {
    expect(bitsPerAnswer({ mode: 'label' }, ten)).toBeCloseTo(Math.log2(10), 12)
    expect(bitsPerAnswer({ mode: 'top-k', k: 3 }, ten)).toBeCloseTo(Math.log2(10 * 9 * 8), 12)
    const all = bitsPerAnswer({ mode: 'top-k', k: 10 }, ten)
    expect(bitsPerAnswer({ mode: 'top-k', k: 1000 }, ten)).toBe(all)
    expect(bitsPerAnswer({ mode: 'label' }, { ...ten, outputs: 1 })).toBe(1)
    // A channel with outputs within ±16 · 10 and the flooding's noise.
    const score = Math.log2(1 + 320 / (floodingDeviation(flooding, 10) * Math.sqrt(2 * Math.PI * Math.E)))
    expect(bitsPerAnswer({ mode: 'scores' }, ten)).toBeCloseTo(Math.log2(10) + 10 * score, 9)
  })

  it('grow with the images of a batch', () => {
    expect(bitsPerAnswer({ mode: 'label' }, { ...ten, batch: 4 })).toBeCloseTo(4 * Math.log2(10), 12)
  })
})

describe('the bits of a lifetime', () => {
  it('are one hundredth of the smaller of the key and the weights', () => {
    expect(lifetimeBits(61_706, 16_384)).toBeCloseTo(0.01 * 16_384 * Math.log2(3), 9)
    expect(lifetimeBits(1000, 16_384)).toBeCloseTo(80, 9)
  })

  it('allow 78 labels of ten classes at N = 16384, and none of a network with few weights', () => {
    expect(answersWithin(lifetimeBits(61_706, 16_384), Math.log2(10))).toBe(78)
    expect(answersWithin(lifetimeBits(61_706, 8192), Math.log2(10))).toBe(39)
    expect(answersWithin(lifetimeBits(20, 16_384), Math.log2(10))).toBe(0)
  })
})
