import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena } from '../../src-main/core/plan/arena.ts'

describe('the arena', () => {
  it('never lends a place twice, and is whole again at the end', () => {
    const actions = fc.array(fc.record({ length: fc.integer({ min: 1, max: 50 }), give: fc.nat() }), { maxLength: 60 })
    fc.assert(
      fc.property(actions, (steps) => {
        const arena = new Arena(10_000, 100)
        const taken: { start: number; length: number }[] = []
        for (const { length, give } of steps) {
          if (taken.length > 0 && give % 3 === 0) arena.give(taken.splice(give % taken.length, 1)[0].start)
          const start = arena.take(length)
          expect(taken.every((other) => start >= other.start + other.length || start + length <= other.start)).toBe(
            true,
          )
          taken.push({ start, length })
        }
        taken.forEach(({ start }) => arena.give(start))
        expect(arena.take(10_000)).toBe(100)
      }),
    )
  })

  it('repeats itself: a rehearsal’s peak is enough', () => {
    const run = (arena: Arena): void => {
      const [a, b] = [arena.take(7), arena.take(5)]
      arena.give(a)
      arena.take(3)
      arena.take(9)
      arena.give(b)
    }
    const rehearsal = new Arena()
    run(rehearsal)
    expect(() => run(new Arena(rehearsal.peak))).not.toThrow()
    expect(() => run(new Arena(rehearsal.peak - 1))).toThrow('smaller than the plan needs')
  })

  it('notices a value that is released twice', () => {
    const arena = new Arena()
    const start = arena.take(1)
    arena.give(start)
    expect(() => arena.give(start)).toThrow('released twice')
  })
})
