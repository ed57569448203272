import { describe, expect, it } from 'vitest'
import { fitMoments, pointMoments, rangeOf } from '../../src-main/core/approximate/fit-channel.ts'
import { fitPlaces, missedByPlace } from '../../src-main/core/approximate/fit-places.ts'
import { condense } from '../../src-main/core/approximate/points.ts'
import { shrinkByPlace } from '../../src-main/core/approximate/shrink.ts'
import { evaluatePolynomial } from '../../src-main/core/numeric/monomials.ts'
import { randomNumbers } from './random-polynomial-model.ts'

const relu = (x: number) => Math.max(0, x)

/** Inputs of one channel of 6 × 4 places whose mean goes from −2 to 2 by column. */
function byColumn(count: number, seed: number): Float64Array[] {
  const random = randomNumbers(seed)
  return Array.from({ length: count }, () =>
    Float64Array.from({ length: 24 }, (_, i) => ((i % 4) - 1.5) * 1.33 + 1.2 * random()),
  )
}

const quadratic = (x: Float64Array, y: Float64Array) => {
  const points = condense([x], [y], 0, x.length)
  const { middle, half } = rangeOf(points)
  const options = { degree: 2, margin: 0.1, marginWeight: 1e-3, vertexLimit: 4 } as const
  return fitMoments(pointMoments(points, relu, options), middle, half, options)
}

const joined = (rows: readonly Float64Array[]) => Float64Array.from(rows.flatMap((row) => [...row]))

describe('fitPlaces', () => {
  it('takes most of the error off a channel whose inputs differ by column, on samples that it has not seen', () => {
    const x = byColumn(200, 1)
    const y = x.map((row) => row.map(relu))
    const { shifts, constants } = fitPlaces(x, y, [1, 6, 4], quadratic)
    const plain = quadratic(joined(x), joined(y))
    const polynomial = quadratic(
      joined(x.map((row) => row.map((value, i) => value + shifts[i]))),
      joined(y.map((row) => row.map((value, i) => value - constants[i]))),
    )
    let [before, after] = [0, 0]
    for (const row of byColumn(100, 2)) {
      row.forEach((value, i) => {
        before += (evaluatePolynomial(plain, value) - relu(value)) ** 2
        after += (evaluatePolynomial(polynomial, value + shifts[i]) + constants[i] - relu(value)) ** 2
      })
    }
    expect(after).toBeLessThan(0.5 * before)
    // The rows of a column are alike.
    expect(Math.abs(shifts[0] - shifts[20])).toBeLessThan(0.3 * Math.abs(shifts[0] - shifts[3]))
  })

  it('gives places that never vary their value, and stays finite', () => {
    const x = byColumn(50, 3).map((row) => row.map((value, i) => (i < 4 ? -1 : value)))
    const y = x.map((row) => row.map(relu))
    const { shifts, constants } = fitPlaces(x, y, [1, 6, 4], quadratic)
    expect([...shifts, ...constants].every(Number.isFinite)).toBe(true)
    const still = x.map(() => new Float64Array(24).fill(0.5))
    const none = fitPlaces(still, still, [1, 6, 4], () => Float64Array.of(0.5, 0, 0))
    expect(Math.max(...[...none.shifts, ...none.constants].map(Math.abs))).toBe(0)
  })
})

describe('missedByPlace', () => {
  it('finds what is missed at a place', () => {
    const random = randomNumbers(5)
    const outputs = Array.from({ length: 400 }, () => Float64Array.from({ length: 6 }, () => random()))
    const targets = outputs.map((row) => row.map((value, i) => value + (i === 4 ? 3 : 0) + 0.1 * random()))
    const missed = missedByPlace(outputs, targets, [1, 2, 3])
    expect(missed[4]).toBeCloseTo(3, 1)
    for (const i of [0, 1, 2, 3, 5]) expect(Math.abs(missed[i])).toBeLessThan(0.05)
  })
})

describe('shrinkByPlace', () => {
  const even = (length: number, value: number) => new Float64Array(length).fill(value)

  it('takes noise for noise', () => {
    const random = randomNumbers(7)
    const amount = Float64Array.from({ length: 100 }, () => 10 * random())
    const spread = amount.reduce((sum, value) => sum + value * value, 0) / 100
    const found = shrinkByPlace({ amount, evidence: even(100, 1), noise: even(100, spread) }, [1, 10, 10])
    const left = found.reduce((sum, value) => sum + value * value, 0) / 100
    expect(left).toBeLessThan(0.1 * spread)
  })

  it('believes what much data says, and gives a place without data what its column has', () => {
    const amount = Float64Array.from({ length: 100 }, (_, i) => (i % 10) * 100)
    const evidence = even(100, 100)
    amount[37] = evidence[37] = 0
    const found = shrinkByPlace({ amount, evidence, noise: even(100, 0.01) }, [1, 10, 10])
    found.forEach((value, i) => expect(value).toBeCloseTo(i % 10, 1))
  })
})
