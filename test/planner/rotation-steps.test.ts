import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveRotations } from '../../src-main/core/planner/rotation-steps.ts'

describe('deriveRotations', () => {
  const slots = 1024
  const rotation = fc.integer({ min: 0, max: slots - 1 })

  it('makes every wanted rotation once, from one that is there already', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(rotation, { maxLength: 24 }),
        fc.uniqueArray(rotation, { maxLength: 4 }),
        (wanted, known) => {
          const made = new Set([0])
          const derived = deriveRotations(wanted, slots, new Set(known.filter((step) => step > 0)))
          for (const { rotation, parent, step } of derived) {
            expect(made.has(parent)).toBe(true)
            expect((parent + step) % slots).toBe(rotation)
            expect(made.has(rotation)).toBe(false)
            made.add(rotation)
          }
          expect([...made].sort((a, b) => a - b)).toEqual([...new Set([0, ...wanted])].sort((a, b) => a - b))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('needs rows plus columns of keys for a window, not their product', () => {
    const window = [0, 1, 2, 3, 4].flatMap((row) => [0, 1, 2, 3, 4].map((column) => row * 32 + column))
    const steps = new Set(deriveRotations(window, slots, new Set()).map(({ step }) => step))
    expect(steps.size).toBeLessThanOrEqual(9)
  })
})
