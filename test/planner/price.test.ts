import { expect, it } from 'vitest'
import { priceOf } from '../../src-main/core/planner/price.ts'

it('a plan costs its time, a hundredth of taking its weights apart, and its bytes at their price', () => {
  expect(priceOf({ seconds: 0.5, expansionSeconds: 2, bundleBytes: 40e6 }, 3)).toBeCloseTo(500 + 20 + 120, 9)
})
