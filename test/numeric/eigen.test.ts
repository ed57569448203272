import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eigen } from '../../src-main/core/numeric/eigen.ts'
import { randomNumbers, randomVector } from '../approximate/random-polynomial-model.ts'

const dot = (one: Float64Array, other: Float64Array) => one.reduce((sum, value, i) => sum + value * other[i], 0)

describe('eigenvectors of a symmetric matrix', () => {
  it('make it again with their eigenvalues', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const root = randomVector(n * n, randomNumbers(seed))
        const at = (m: Float64Array, i: number, j: number) => m[i * n + j]
        const symmetric = Float64Array.from({ length: n * n }, (_, k) => {
          const [i, j] = [Math.floor(k / n), k % n]
          return dot(root.subarray(i * n, (i + 1) * n), root.subarray(j * n, (j + 1) * n))
        })
        const { vectors, values } = eigen(symmetric, n)
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const again = values.reduce((sum, value, k) => sum + value * at(vectors, i, k) * at(vectors, j, k), 0)
            expect(again).toBeCloseTo(at(symmetric, i, j), 8)
          }
        }
      }),
      { numRuns: 40 },
    )
  })
})
