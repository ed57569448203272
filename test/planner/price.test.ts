import { expect, it } from 'vitest'
import { priceOf } from '../../src-main/core/planner/price.ts'

it('a plan costs its time, a hundredth of taking its weights apart, and its bytes and its input’s at their price', () => {
  const estimate = { seconds: 0.5, expansionSeconds: 2, bundleBytes: 40e6, inputBytes: 2e6 }
  expect(priceOf(estimate, 3)).toBeCloseTo(500 + 20 + 120 + 6, 9)
})
