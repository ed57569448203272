import { describe, expect, it } from 'vitest'
import { duration, percent } from '../../src-renderer/format.ts'

describe('shares as people read them', () => {
  it('keep their sign, which is what an error added or taken away is about', () => {
    expect(percent(-0.25)).toBe('−25.0\u00a0%')
    expect(percent(0.0123)).toBe('1.2\u00a0%')
    expect(percent(-1e-9)).toBe('−< 0.0001\u00a0%')
    expect(percent(0)).toBe('0\u00a0%')
  })

  it('stay readable where a network explodes', () => {
    expect(percent(5.6)).toBe('560.0\u00a0%')
    expect(percent(3e14)).toBe('3.0e+16\u00a0%')
    expect(percent(Infinity)).toBe('no number')
  })
})

describe('a duration', () => {
  it('is rounded before minutes are counted', () => {
    const read = [0.0026, 9.4, 119.7, 179.7].map((seconds) => duration(seconds).replaceAll('\u00a0', ' '))
    expect(read).toEqual(['3 ms', '9.4 s', '2 min 0 s', '3 min 0 s'])
  })
})
