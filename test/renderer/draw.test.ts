import { describe, expect, it } from 'vitest'
import { drawableSide } from '../../src-renderer/draw.ts'

describe('drawableSide', () => {
  it.each([
    ['a gray square', [1, 28, 28], 28],
    ['a row of its pixels', [784, 1, 1], 28],
    ['colours', [3, 32, 32], undefined],
    ['a signal', [1, 1, 96], undefined],
    ['a row that is no square', [780, 1, 1], undefined],
    ['a few numbers', [4, 1, 1], undefined],
    ['more than a drawing holds', [1, 512, 512], undefined],
  ])('of %s', (_, shape, side) => {
    expect(drawableSide(shape)).toBe(side)
  })
})
