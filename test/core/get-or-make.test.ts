import { describe, expect, it } from 'vitest'
import { getOrMake } from '../../src-main/core/get-or-make.ts'

describe('getOrMake', () => {
  it('makes a value once for each key, also one that counts as false', () => {
    const map = new Map<string, number | string | boolean>()
    const made: string[] = []
    const of = (key: string, value: number | string | boolean) => getOrMake(map, key, () => (made.push(key), value))
    for (const value of [0, '', false, 7])
      expect([of(`${value}`, value), of(`${value}`, value)]).toEqual([value, value])
    expect(made).toEqual(['0', '', 'false', '7'])
  })

  it('holds nothing where making failed, and makes it when asked again', () => {
    const map = new Map<string, number>()
    const failing = (): number => {
      throw new RangeError('not yet')
    }
    expect(() => getOrMake(map, 'a', failing)).toThrow('not yet')
    expect(getOrMake(map, 'a', () => 2)).toBe(2)
  })
})
