import { describe, expect, it } from 'vitest'
import { matchValues } from '../../src-main/core/validate/match-values.ts'
import { gaussian } from '../../src-main/core/numeric/normal-numbers.ts'
import { randomNumbers } from '../../src-main/core/numeric/random-numbers.ts'

const SHAPE = [2, 3, 4] as const
const normal = (
  (random) => () =>
    gaussian(random)
)(randomNumbers(5))
const original = Array.from({ length: 40 }, () => Float64Array.from({ length: 24 }, normal))
const farthest = (left: Float64Array, right: Float64Array): number =>
  Math.max(...left.map((value, k) => Math.abs(value - right[k])))

/** The original's, with an offset of each element and a gain of each of so many runs of elements. */
const moved = (gainOf: (element: number) => number): Float64Array[] =>
  original.map((sample) => sample.map((value, k) => gainOf(k) * value + 100 - 7 * k))

describe('matchValues', () => {
  it('undoes offsets of elements and gains of channels', () => {
    const matched = matchValues(
      moved((k) => (k < 12 ? 0.2 : -3)),
      original,
      { shape: SHAPE },
    )
    matched.forEach((sample, s) => expect(farthest(sample, original[s])).toBeLessThan(1e-9))
  })

  it('undoes gains of columns where polynomials are by column, and not where they are by channel', () => {
    const values = moved((k) => 1 + (k % 4))
    const byColumn = matchValues(values, original, { shape: SHAPE, by: 'column' })
    byColumn.forEach((sample, s) => expect(farthest(sample, original[s])).toBeLessThan(1e-9))
    expect(farthest(matchValues(values, original, { shape: SHAPE })[0], original[0])).toBeGreaterThan(0.1)
  })

  it('does not take a sample for its own original: of noise nothing is matched', () => {
    const noise = original.map(() => Float64Array.from({ length: 24 }, normal))
    const error = (values: readonly Float64Array[]): number =>
      values.reduce(
        (sum, sample, s) => sum + sample.reduce((total, value, k) => total + (value - original[s][k]) ** 2, 0),
        0,
      ) /
      (40 * 24)
    // The variance of what is missed, 1, and not less by what offsets of 40 samples could learn by heart.
    expect(error(matchValues(noise, original, { shape: [24, 1, 1] }))).toBeGreaterThan(1)
    expect(error(matchValues(noise.slice(0, 2), original, { shape: SHAPE }))).toBeGreaterThan(0.04)
  })

  it('lets a sample that is thrown far off, or out of all numbers, change no other', () => {
    const values = moved(() => 2)
    values[3] = values[3].map((value) => 1e9 * value)
    values[4] = values[4].map(() => NaN)
    const matched = matchValues(values, original, { shape: SHAPE })
    for (const s of [0, 1, 2, 5, 39]) expect(farthest(matched[s], original[s])).toBeLessThan(1e-9)
    expect(farthest(matched[3], original[3])).toBeGreaterThan(1e6)
    expect(matched[4].every(Number.isNaN)).toBe(true)
  })

  it('finds offsets of a few samples, and nothing of one', () => {
    const three = original.slice(0, 3)
    const shifted = three.map((sample) => sample.map((value) => value - 8))
    matchValues(shifted, three, { shape: SHAPE }).forEach((sample, s) =>
      expect(farthest(sample, three[s])).toBeLessThan(1e-9),
    )
    expect(matchValues(shifted.slice(0, 1), three, { shape: SHAPE })).toEqual(shifted.slice(0, 1))
  })
})
