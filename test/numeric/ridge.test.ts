import { describe, expect, it } from 'vitest'
import { ridge } from '../../src-main/core/numeric/ridge.ts'
import { isHeldOut } from '../../src-main/core/numeric/held-out.ts'
import { randomNumbers } from '../approximate/random-polynomial-model.ts'

const random = randomNumbers(7)
const ROWS = 200
const make = (columns: number, value: (row: number, column: number) => number) => ({
  rows: ROWS,
  columns,
  data: Float64Array.from({ length: ROWS * columns }, (_, i) => value(Math.floor(i / columns), i % columns)),
})

describe('ridge', () => {
  it('finds the weights and the bias of a linear function', () => {
    const features = make(3, random)
    const copy = Float64Array.from(features.data)
    const targets = make(1, (row) => 2 * copy[3 * row] - copy[3 * row + 1] + 0.5)
    const { weights, bias, before, after } = ridge(features, targets, isHeldOut)
    expect(after).toBeLessThan(1e-3 * before)
    const expected = [2, -1, 0]
    expected.forEach((value, f) => expect(weights.data[f]).toBeCloseTo(value, 1))
    expect(bias[0]).toBeCloseTo(0.5, 1)
  })

  it.each([
    ['more rows than features', 60],
    ['more features than rows', 400],
  ])('states what its choice leaves on rows it did not see, with %s', (_, columns) => {
    const features = make(columns, random)
    const original = Float64Array.from(features.data)
    const targets = make(2, (row, t) => 3 * original[row * columns + t] + 0.1 * random() + 1)
    const { weights, bias, before, after } = ridge(features, targets, isHeldOut)
    expect(before).toBeGreaterThan(1)
    expect(after).toBeLessThan(before)
    const error = (row: number, t: number) => {
      const values = original.subarray(row * columns, (row + 1) * columns)
      const fitted = values.reduce((sum, value, f) => sum + value * weights.data[f * 2 + t], bias[t])
      return (targets.data[row * 2 + t] - fitted) ** 2
    }
    const held = [...Array(ROWS).keys()].filter(isHeldOut)
    const seen = held.reduce((sum, row) => sum + error(row, 0) + error(row, 1), 0) / (2 * held.length)
    // The weights also know the held-out rows, so that these miss less than was foretold.
    expect(seen).toBeLessThan(after)
  })

  it('gives features that hardly vary no large weights for noise', () => {
    const features = make(21, (_, column) => (column === 0 ? random() : random() / 1000))
    const copy = Float64Array.from(features.data)
    const targets = make(1, (row) => copy[21 * row] + 0.2 * random())
    const { weights } = ridge(features, targets, isHeldOut)
    expect(weights.data[0]).toBeCloseTo(1, 1)
    for (const weight of weights.data.subarray(1)) expect(Math.abs(weight)).toBeLessThan(5)
  })

  it('leaves alone what varies by rounding only', () => {
    const features = make(2, (row, column) => (column === 0 ? random() : 1 + 1e-8 * (row % 2)))
    const targets = make(1, (row) => row % 2)
    expect(ridge(features, targets, isHeldOut).weights.data[1]).toBe(0)
  })
})
