import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { weightsOf } from '../../src-main/core/plan/instruction-table.ts'
import { placeWeights } from '../../src-main/core/plan/place-weights.ts'
import type { Expansion, Instruction, WeightIndex } from '../../src-main/core/plan/plan.ts'

const START = 64

/** Sums of weights in any order, the first of which are expanded in groups. */
const plans = fc
  .record({
    sums: fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }),
    groups: fc.array(fc.integer({ min: 2, max: 3 }), { maxLength: 3 }),
    sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 12, maxLength: 12 }),
    room: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ sums, groups, ...rest }) => {
    const instructions = sums.map((weights, k): Instruction => {
      return { op: 'multiply-sum', out: k + 1, values: weights.map(() => 0), weights }
    })
    let next = 0
    const expansions = groups.map((count): Expansion => {
      const results = Array.from({ length: count }, (_, register) => ({ weight: next++, register: register + 1 }))
      return { input: { primes: 1, scale: 1 }, instructions: [], results }
    })
    return { plan: { instructions, expansions }, ...rest }
  })

describe('weights that do not all have room at once', () => {
  it('are where each instruction reads them, whatever else was loaded since, below the limit', () => {
    fc.assert(
      fc.property(plans, ({ plan, sizes, room }) => {
        const [least, whole] = [0, Infinity].map((limit) => placeWeights(plan, sizes, START, limit))
        expect(whole.streamed.flat()).toEqual([])
        const limit = Math.round(least.end + room * Math.max(0, whole.end - least.end))
        const { weights, streamed, end } = placeWeights(plan, sizes, START, limit)
        expect(end).toBeLessThanOrEqual(Math.max(limit, least.end))

        const present = new Set<WeightIndex>()
        const load = (index: WeightIndex): void => {
          expect(weights[index]).toBeGreaterThanOrEqual(START)
          expect(weights[index] + sizes[index]).toBeLessThanOrEqual(end)
          for (const other of present) {
            const isApart =
              weights[other] + sizes[other] <= weights[index] || weights[index] + sizes[index] <= weights[other]
            if (!isApart) present.delete(other)
          }
          present.add(index)
        }
        const made = (source: (typeof streamed)[number][number]): WeightIndex[] =>
          'weight' in source ? [source.weight] : plan.expansions[source.expansion].results.map(({ weight }) => weight)
        const comeAndGo = new Set(streamed.flat().flatMap(made))
        sizes.forEach((_, index) => !comeAndGo.has(index) && load(index))
        for (let run = 0; run < 2; run++) {
          plan.instructions.forEach((instruction, at) => {
            streamed[at].flatMap(made).forEach(load)
            for (const index of weightsOf(instruction)) expect(present).toContain(index)
          })
        }
      }),
    )
  })

  it('take no more than the largest layer does, where there is no room at all', () => {
    const layer = (out: number, first: WeightIndex): Instruction[] =>
      [0, 1].map((k) => ({
        op: 'multiply-sum',
        out: out + k,
        values: [0, 0],
        weights: [first + 2 * k, first + 2 * k + 1],
      }))
    const expansion = (first: WeightIndex): Expansion => ({
      ...{ input: { primes: 1, scale: 1 }, instructions: [] },
      results: [0, 1, 2, 3].map((k) => ({ weight: first + k, register: k + 1 })),
    })
    const plan = {
      instructions: [...layer(1, 0), ...layer(3, 4), ...layer(5, 8)],
      expansions: [0, 4, 8].map(expansion),
    }
    const { streamed, end } = placeWeights(plan, new Array<number>(12).fill(10), START, 0)
    expect(end).toBe(START + 40)
    expect(streamed).toEqual([[{ expansion: 0 }], [], [{ expansion: 1 }], [], [{ expansion: 2 }], []])
  })
})
