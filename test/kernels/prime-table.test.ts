import { describe, expect, it } from 'vitest'
import { sumConstants } from '../../src-main/kernels/prime-table.ts'

describe('the constants of a product sum', () => {
  it.each([20, 30, 40, 45, 48, 49, 50])('keep a sum exact for the largest prime of %i bits', (bits) => {
    const growth = bits > 48 ? 4 : 10.2
    const prime = 2n ** BigInt(bits) - 1n
    const { unitBits, chunk } = sumConstants(prime, growth)
    const [unit, count] = [2n ** BigInt(unitBits), BigInt(chunk)]
    const product = prime * BigInt(Math.floor(Number(prime) * growth))
    expect(chunk).toBeGreaterThanOrEqual(2)
    const rests = count * (unit / 2n + product / 2n ** 53n + 1n)
    expect(count * product + rests <= unit * 2n ** 51n).toBe(true)
    expect(rests + (3n * prime) / 2n + 4n <= 2n ** 53n - prime / 2n).toBe(true)
  })
})
