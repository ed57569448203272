import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveRotations } from '../../src-main/core/planner/rotation-steps.ts'

describe('deriveRotations', () => {
  const slots = 1024
  const rotation = fc.integer({ min: 0, max: slots - 1 })

  const usual = { keyMs: 1, digitsMs: 1 }
  const costs = fc.record({ keyMs: fc.integer({ min: 0, max: 4 }), digitsMs: fc.integer({ min: 0, max: 4 }) })
  const stepsOf = (derived: ReturnType<typeof deriveRotations>): Set<number> => new Set(derived.map(({ step }) => step))

  it('makes every wanted rotation once, from one that is there already', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(rotation, { maxLength: 24 }),
        fc.uniqueArray(rotation, { maxLength: 4 }),
        costs,
        (wanted, known, costs) => {
          const made = new Set([0])
          const derived = deriveRotations(wanted, slots, new Set(known.filter((step) => step > 0)), costs)
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
    const steps = stepsOf(deriveRotations(window, slots, new Set(), usual))
    expect(steps.size).toBeLessThanOrEqual(9)
  })

  it('takes sums of other steps where keys cost more than digits', () => {
    const multiples = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => 64 * i)
    const derived = (costs: typeof usual) => deriveRotations(multiples, slots, new Set(), costs)
    const [dear, cheap] = [derived({ keyMs: 5, digitsMs: 1 }), derived({ keyMs: 0, digitsMs: 1 })]
    expect(stepsOf(dear).size).toBeLessThan(stepsOf(cheap).size)
    // Each rotation adds its noise to that of the one it is made from.
    const turns = new Map([[0, 0]])
    for (const { rotation, parent } of dear) turns.set(rotation, turns.get(parent)! + 1)
    expect(Math.max(...turns.values())).toBeLessThanOrEqual(4)
  })

  it('never costs more than rows and columns', () => {
    const costOf = (derived: ReturnType<typeof deriveRotations>, { keyMs, digitsMs }: typeof usual): number =>
      keyMs * stepsOf(derived).size + digitsMs * new Set(derived.map(({ parent }) => parent)).size
    fc.assert(
      fc.property(fc.uniqueArray(rotation, { maxLength: 24 }), costs, (wanted, costs) => {
        const [free, priced] = [{ ...costs, keyMs: 0 }, costs].map((each) =>
          deriveRotations(wanted, slots, new Set(), each),
        )
        expect(costOf(priced, costs)).toBeLessThanOrEqual(costOf(free, costs))
      }),
      { numRuns: 100 },
    )
  })
})
