import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectedAgreement, labelOf } from '../../src-main/core/network/classification.ts'

const scores = (...rows: number[][]) => rows.map((row) => Float64Array.from(row))

describe('the expected agreement', () => {
  it('lets every lead meet every change, whichever they met', () => {
    const originals = scores([1, 0, -5], [0, 3, 2.5])
    const shortened = scores([-1, 0, -5], [0, 3, 2.5])
    // Leads 1 and 0.5, changes -2 and 0.
    expect(expectedAgreement(originals, shortened)).toBe(0.5)
    // Leads 3 and 0.5, changes -1 and 0: three of four.
    expect(expectedAgreement(scores([3, 0], [0.5, 0]), scores([2, 0], [0.5, 0]))).toBe(0.75)
    expect(expectedAgreement(scores([3, 0], [0.5, 0]), scores([3, 0], [-0.5, 0]))).toBe(0.75)
  })

  it('sees any class that overtakes, and takes a single score by its sign', () => {
    expect(expectedAgreement(scores([3, 2, 0]), scores([3, 2, 4]))).toBe(0)
    expect(expectedAgreement(scores([-3], [2]), scores([-1], [2]))).toBe(0.75)
  })

  it('counts scores that are not finite as lost', () => {
    expect(expectedAgreement(scores([1, 0], [0, 1]), scores([NaN, 0], [0, 1]))).toBe(0.5)
    expect(expectedAgreement(scores([1, 0]), scores([Infinity, 0]))).toBe(0)
    expect(expectedAgreement([], [])).toBe(0)
  })

  it('is whether the label is kept for one sample, and all for the same scores', () => {
    const output = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 5 }).map(leading)
    fc.assert(
      fc.property(fc.array(output, { minLength: 1, maxLength: 9 }), (outputs) => {
        expect(expectedAgreement(outputs, outputs)).toBeCloseTo(1, 12)
      }),
    )
    fc.assert(
      fc.property(output, output, (original, other) => {
        fc.pre(original.length === other.length)
        expect(expectedAgreement([original], [other])).toBe(labelOf(original) === labelOf(other) ? 1 : 0)
      }),
    )
  })
})

/** No two scores are the same. */
const leading = (values: number[]) => Float64Array.from(values, (value, i) => value + i / 10)
