import { serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { hashOf } from '../../src-main/jobs/hash-of.ts'

/** 28, held as a floating-point number. */
function heldOtherwise(): { x: number } {
  const held = { x: 28.5 }
  held.x = 28
  return held
}

describe('hashOf', () => {
  it('is the same for equal values, however the engine holds them', () => {
    const whole = { x: 28 }
    expect(serialize(whole).equals(serialize(heldOtherwise()))).toBe(false)
    expect(hashOf(whole)).toBe(hashOf(heldOtherwise()))
    expect(hashOf({ a: 1, b: undefined, c: [2] })).toBe(hashOf({ c: [2], a: 1 }))
  })

  it('looks at the bytes of typed arrays, and not at what they are a view of', () => {
    const larger = Float64Array.of(0, 1, 2)
    expect(hashOf(larger.subarray(1))).toBe(hashOf(Float64Array.of(1, 2)))
    expect(hashOf(Float64Array.of(1, 2))).not.toBe(hashOf(Float64Array.of(1, 3)))
  })

  it('differs where values differ in kind or place', () => {
    const values = [[1, 2], [[1], 2], ['1', 2], { 0: 1, 1: 2 }, new Map([[1, 2]]), new Set([1, 2, 3]), null, undefined]
    expect(new Set(values.map(hashOf)).size).toBe(values.length)
  })
})
