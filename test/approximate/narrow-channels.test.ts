import { describe, expect, it } from 'vitest'
import { fitMoments, pointMoments, rangeOf, defaultFit } from '../../src-main/core/approximate/fit-channel.ts'
import { condense } from '../../src-main/core/approximate/points.ts'
import { squareForm } from '../../src-main/core/approximate/square-form.ts'
import type { Degree } from '../../src-main/core/network/polynomial-model.ts'
import { evaluatePolynomial } from '../../src-main/core/numeric/monomials.ts'

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** What the edge's squarings make of x. */
function bySquares(coefficients: Float64Array, x: number): number {
  const { shift, inner, outer, eighth, fourth, second, first, constant } = squareForm(coefficients, 'layer')
  const y = x + shift
  const quartic = (y * y + inner) ** 2
  return eighth * (quartic + outer) ** 2 + fourth * quartic + second * y * y + first * y + constant
}

/** A channel of inputs around 1, `half` to either side: a large bias and small weights. */
function fit(degree: Degree, half: number) {
  const inputs = Float64Array.from({ length: 401 }, (_, i) => 1 + half * (i / 200 - 1))
  const points = condense([inputs], [inputs.map(sigmoid)], 0, inputs.length)
  const range = rangeOf(points)
  const options = { ...defaultFit, degree }
  const coefficients = fitMoments(pointMoments(points, sigmoid, options), range.middle, range.half, options)
  const swing = sigmoid(1 + half) - sigmoid(1 - half)
  const worst = (of: (x: number) => number): number =>
    inputs.reduce((most, x) => Math.max(most, Math.abs(of(x) - sigmoid(x))), 0) / swing
  return {
    coefficients,
    fitted: worst((x) => evaluatePolynomial(coefficients, x)),
    squared: worst((x) => bySquares(coefficients, x)),
  }
}

describe('a channel that varies little beside its middle', () => {
  it.each([
    [2, 1e-2],
    [2, 1e-5],
    [4, 1e-2],
    [4, 1e-4],
    [4, 1e-5],
    [4, 1e-6],
    [8, 1e-3],
    [8, 1e-5],
  ] as const)('is fitted at degree %d within ±%d, and squarings compute what was fitted', (degree, half) => {
    const { coefficients, fitted, squared } = fit(degree, half)
    expect(coefficients).toHaveLength(degree + 1)
    // A line as a parabola of limited vertex is what remains of the swing.
    expect(fitted).toBeLessThan(0.06)
    expect(Math.abs(squared - fitted)).toBeLessThan(1e-3)
  })

  it('keeps its degree where the powers of x can tell', () => {
    const { coefficients, fitted, squared } = fit(4, 0.1)
    expect(coefficients[4]).not.toBe(0)
    expect(fitted).toBeLessThan(1e-3)
    expect(squared).toBeLessThan(1e-3)
  })
})
