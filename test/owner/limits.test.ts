import { describe, expect, it } from 'vitest'
import { RateLimit } from '../../src-main/owner/gateway/limits.ts'

describe('the rate limit', () => {
  it('gives so many a minute to each name, and refills with time', () => {
    let nowMs = 0
    const limit = new RateLimit(2, () => nowMs)
    expect(['a', 'a', 'a', 'b'].map((name) => limit.take(name))).toEqual([true, true, false, true])
    nowMs = 30_000
    expect([limit.take('a'), limit.take('a')]).toEqual([true, false])
    nowMs = 10 * 60_000
    expect([1, 2, 3].map(() => limit.take('a'))).toEqual([true, true, false])
  })

  it('does not look at the wall clock', () => {
    const limit = new RateLimit(1)
    const realNow = Date.now
    try {
      expect(limit.take('a')).toBe(true)
      Date.now = () => realNow() + 3_600_000
      expect(limit.take('a')).toBe(false)
    } finally {
      Date.now = realNow
    }
  })
})
