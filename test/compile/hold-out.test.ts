import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holdOut } from '../../src-main/core/compile/hold-out.ts'

const numbered = (count: number): number[] => [...Array(count).keys()]

describe('holdOut', () => {
  it('sets aside a fifth, at most a hundred, and none of fewer than five', () => {
    expect(holdOut(numbered(4), 1).heldOut).toEqual([])
    expect(holdOut(numbered(10), 1)).toEqual({ fitted: [0, 1, 2, 3, 5, 6, 7, 8], heldOut: [4, 9] })
    expect(holdOut(numbered(1000), 1).heldOut).toHaveLength(100)
  })

  it('takes fewer of a large network, whose exact passes take long', () => {
    expect(holdOut(numbered(1000), 1e8).heldOut).toHaveLength(40)
    expect(holdOut(numbered(1000), 1e12).heldOut).toHaveLength(20)
  })

  it('loses and doubles nothing', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.integer({ min: 1, max: 1e9 }), (count, multiplications) => {
        const { fitted, heldOut } = holdOut(numbered(count), multiplications)
        expect([...fitted, ...heldOut].sort((a, b) => a - b)).toEqual(numbered(count))
      }),
    )
  })
})
