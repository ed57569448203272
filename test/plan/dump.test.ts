import { expect, it } from 'vitest'
import { dumpPlan } from '../../src-main/core/plan/dump.ts'
import { tinyNetwork } from '../bundle/tiny-plan.ts'

it('lists instructions with the level and scale that each leaves', () => {
  const { plan } = tinyNetwork()
  const dumped = dumpPlan(plan)
  expect(dumped.map(({ op, out, in: operands, primes, parts }) => [op, out, operands, primes, parts])).toEqual([
    ['multiply-sum', 1, [0], 4, 3],
    ['relinearise', 2, [1], 4, 2],
    ['rescale', 3, [2], 3, 2],
    ['add-weight', 4, [3], 3, 2],
    ['square', 5, [4], 3, 3],
    ['relinearise', 6, [5], 3, 2],
    ['rescale', 7, [6], 2, 2],
    ['rotate', 8, [7], 2, 2],
    ['add', 9, [7, 8], 2, 2],
  ])
  expect(dumped.map(({ layer }) => layer)).toEqual(Array(9).fill('all'))
  expect(dumped[7].steps).toBe(1)
  const primes = plan.parameters.primes.map(Number)
  const first = 60 - Math.log2(primes[3])
  expect(dumped[0].scaleBits).toBe(60)
  expect(dumped[2].scaleBits).toBeCloseTo(first, 12)
  expect(dumped[6].scaleBits).toBeCloseTo(2 * first - Math.log2(primes[2]), 12)
})
