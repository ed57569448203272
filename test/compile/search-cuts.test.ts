import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choiceOf, promisingCuts, skeletonOptions, type Settings } from '../../src-main/core/compile/search-cuts.ts'
import type { Degree } from '../../src-main/core/network/polynomial-model.ts'

/** Every way to choose, in a network of so many groups. */
function everySetting(groups: number, degrees: readonly Degree[]): Settings[] {
  let all: (Degree | 'exact')[][] = [[]]
  for (let i = 0; i < groups; i++)
    all = all.flatMap((known) => [...degrees, 'exact' as const].map((each) => [...known, each]))
  return all
}

/** Costs are those of stretches between exact cuts, and rise faster than their depth. */
const network = fc.integer({ min: 2, max: 4 }).chain((groups) =>
  fc.record({
    groups: fc.constant(groups),
    sizes: fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: groups + 1, maxLength: groups + 1 }),
    errors: fc.array(fc.double({ min: 0.001, max: 0.5, noNaN: true }), { minLength: groups, maxLength: groups }),
    gains: fc.array(fc.double({ min: 0.1, max: 0.9, noNaN: true }), { minLength: groups, maxLength: groups }),
    power: fc.double({ min: 1, max: 3, noNaN: true }),
  }),
)

describe('the search for exact cuts', () => {
  it('has the cheapest of all settings that err at most so much, whatever is allowed', async () => {
    const degrees = [2, 4] as const
    await fc.assert(
      fc.asyncProperty(network, fc.double({ min: 0, max: 1, noNaN: true }), async (described, allowed) => {
        const { groups, sizes, errors, gains, power } = described
        const errorOf = (group: number, degree: Degree) => errors[group] * (degree === 4 ? gains[group] : 1)
        const costOf = (settings: Settings): number => {
          let [total, depth, size] = [0, 1, sizes[0]]
          settings.forEach((each, i) => {
            if (each === 'exact') {
              total += size * depth ** power
              ;[depth, size] = [1, sizes[i + 1]]
            } else {
              depth += each === 4 ? 3 : 2
              size += sizes[i + 1]
            }
          })
          return total + size * depth ** power
        }
        const lossOf = (settings: Settings): number =>
          settings.reduce<number>((sum, each, i) => sum + (each === 'exact' ? 0 : errorOf(i, each)), 0)
        for (let exact = 0; exact <= groups; exact++) {
          const search = { groups, degrees, errorOf, costOf: async (settings: Settings) => costOf(settings) }
          const found = await promisingCuts(search, exact)
          const all = everySetting(groups, degrees).filter(
            (settings) => settings.filter((each) => each === 'exact').length === exact,
          )
          const cheapest = (settings: readonly Settings[]): number =>
            Math.min(...settings.filter((each) => lossOf(each) <= allowed).map(costOf))
          expect(cheapest(found)).toBe(cheapest(all))
          const costs = found.map(costOf)
          expect(costs).toEqual(costs.toSorted((a, b) => a - b))
        }
      }),
    )
  })

  it('leaves out what cannot be planned', async () => {
    const costOf = async (settings: Settings) => (settings[0] === 'exact' ? undefined : 1)
    const search = { groups: 2, degrees: [2] as const, errorOf: () => 0.1, costOf }
    expect(await promisingCuts(search, 1)).toEqual([[2, 'exact']])
  })

  it('names degrees where they differ', () => {
    const groups = [['relu_1'], ['relu_2', 'pool_2'], ['relu_3']]
    const cut = (after: string) => ({ by: 'cuts', cuts: [{ after, kind: 'exact' }] })
    const base = { splitPools: false }
    expect(choiceOf(groups, [4, 'exact', 4])).toEqual({ ...base, degree: 4, degrees: {}, split: cut('relu_2') })
    expect(choiceOf(groups, ['exact', 4, 2])).toEqual({
      ...base,
      ...{ degree: 2, degrees: { relu_2: 4, pool_2: 4 }, split: cut('relu_1') },
    })
    expect(skeletonOptions(groups, [2, 'exact', 2]).exact).toEqual(new Set(['relu_2', 'pool_2']))
  })
})
