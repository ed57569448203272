import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PolynomialLayer } from '../../src-main/core/network/polynomial-model.ts'
import { evaluatePolynomial, substitute } from '../../src-main/core/numeric/monomials.ts'
import { PolynomialStep } from '../../src-main/core/tune/polynomial-step.ts'
import { randomNumbers, randomVector } from '../approximate/random-polynomial-model.ts'

const [SAMPLES, HEIGHT, WIDTH] = [8, 3, 2]

interface Case {
  readonly layer: PolynomialLayer
  /** Of the two channels' columns: width and middle, as different as bands of a spectrum. */
  readonly inputs: Float32Array
}

const cases = fc
  .record({ seed: fc.nat(), degree: fc.constantFrom(2, 4), by: fc.constantFrom(undefined, 'column' as const) })
  .map(({ seed, degree, by }): Case => {
    const random = randomNumbers(seed)
    const rows = by ? 2 * WIDTH : 2
    const coefficients = Array.from({ length: rows }, () => {
      const row = randomVector(degree + 1, random)
      // As fits give them: curved enough to be computed by squarings.
      row[degree] = Math.sign(row[degree]) * (0.5 + Math.abs(row[degree]))
      return row
    })
    const spread = Array.from({ length: WIDTH }, () => [2 ** (4 * random() - 2), 2 * random() - 1])
    const inputs = Float32Array.from({ length: 2 * HEIGHT * WIDTH * SAMPLES }, (_, i) => {
      const [size, middle] = spread[Math.floor(i / SAMPLES) % WIDTH]
      return middle + size * (2 * random() - 1)
    })
    const fit = { original: 'Relu', degree, rootMeanSquareError: 0, range: [-1, 1] as const, rangeMargin: 1 }
    const layer = {
      ...{ kind: 'polynomial' as const, id: 'p', sources: [], input: 'x', shape: [2, HEIGHT, WIDTH] as const },
      ...{ coefficients, ...(by && { by }), fit },
    }
    return { layer, inputs }
  })

const rowAt = ({ by }: PolynomialLayer, element: number) => {
  const channel = Math.floor(element / HEIGHT / WIDTH)
  return by ? channel * WIDTH + (element % WIDTH) : channel
}

const outputsOf = (layer: PolynomialLayer, inputs: Float32Array) =>
  Float64Array.from(inputs, (x, i) => evaluatePolynomial(layer.coefficients[rowAt(layer, Math.floor(i / SAMPLES))], x))

/** How far the square is from the middle of the inputs, and what is added to it before it is squared again. */
function formAbout(row: Float64Array, middle: number) {
  const degree = row.length - 1
  const centred = substitute(row, 1, middle)
  const shift = centred[degree - 1] / (degree * centred[degree])
  const inner = degree === 2 ? 0 : substitute(centred, 1, -shift)[2] / (2 * centred[4])
  return { shift: Math.abs(shift), inner: Math.abs(inner) }
}

describe('a polynomial whose coefficients are tuned', () => {
  it('starts as the polynomial that it was', () => {
    fc.assert(
      fc.property(cases, ({ layer, inputs }) => {
        const step = new PolynomialStep(layer, inputs, SAMPLES)
        const expected = outputsOf(layer, inputs)
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        outputsOf(step.current, inputs).forEach((value, i) =>
          expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * largest),
        )
      }),
    )
  })

  it('finds the gradient of each coefficient', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ layer, inputs }, pick) => {
        const step = new PolynomialStep(layer, inputs, SAMPLES)
        const weights = Float32Array.from(inputs, (_, i) => Math.cos(i))
        const loss = () => outputsOf(step.load(), inputs).reduce((sum, value, i) => sum + weights[i] * value, 0)
        step.load()
        step.back(inputs, weights)
        const { values, gradient } = step.parameters
        const i = pick % values.length
        const value = values[i]
        // Outputs are linear in the coefficients within their limits.
        const h = Math.sign(value) / 8
        const before = loss()
        values[i] = value + h
        const moved = Float32Array.from(values)
        const after = loss()
        fc.pre(values.every((now, k) => now === moved[k]))
        expect((after - before) / h).toBeCloseTo(gradient[i], 2)
      }),
    )
  })

  it('keeps shifts and inner constants to what squarings compute, and other changes as they are', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ layer, inputs }, seed) => {
        const step = new PolynomialStep(layer, inputs, SAMPLES)
        const { values } = step.parameters
        const random = randomNumbers(seed)
        // Straight lines have no vertex, and vanishing fourth powers no square.
        values.forEach(
          (value, i) => (values[i] = i % step.layer.coefficients[0].length < 2 ? value : 1e-6 * (random() - 0.5)),
        )
        const { coefficients } = step.current
        coefficients.forEach((row, r) => {
          const own = inputs.filter((_, i) => rowAt(layer, Math.floor(i / SAMPLES)) === r)
          const mean = own.reduce((sum, value) => sum + value, 0) / own.length
          const reach = own.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0)
          const [before, after] = [layer.coefficients[r], row].map((one) => formAbout(one, mean))
          const farthest = Math.max((row.length === 3 ? 4 : 2) * reach, before.shift)
          expect(Math.sign(row[row.length - 1])).toBe(Math.sign(layer.coefficients[r][row.length - 1]))
          expect(after.shift).toBeLessThan(1.001 * farthest)
          expect(after.inner).toBeLessThan(1.01 * Math.max(2 * (reach + before.shift) ** 2, before.inner) + 1e-9)
        })
        const again = step.current.coefficients
        coefficients.forEach((row, r) => row.forEach((value, k) => expect(again[r][k]).toBeCloseTo(value, 5)))
      }),
    )
  })
})
