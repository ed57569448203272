import { describe, expect, it } from 'vitest'
import { openForTest } from './open-for-test.ts'
import { Oracle } from './oracle.ts'
import { randomSource } from './random.ts'

describe('rotations that share one decomposition', () => {
  it.each([
    { n: 1024, primeBits: [40, 30, 30, 40], scale: 2 ** 30 },
    { n: 4096, primeBits: [40, 26, 40], scale: 2 ** 26 },
    { n: 8192, primeBits: [50, 40, 40, 40, 44], scale: 2 ** 40 },
  ])('err no more than SEAL’s, N = $n', async ({ n, primeBits, scale }) => {
    const steps = Array.from({ length: 18 }, (_, index) => index * 7 + 1)
    const oracle = await Oracle.open(n, primeBits, steps)
    const { evaluator, store, load, close } = await openForTest(oracle, { steps, taps: 1 })
    const random = randomSource(n)
    const slots = Float64Array.from({ length: n / 2 }, () => random.below(2000) / 1000 - 1)
    const ciphertext = oracle.encrypt(slots, scale)
    const squaredError = (bytes: Uint8Array, step: number): number =>
      oracle.decrypt(bytes).reduce((sum, x, i) => sum + (x - slots[(i + step) % slots.length]) ** 2, 0)
    const ours = evaluator.rotateMany(load(ciphertext), steps).map(store.save.bind(store))
    const total = (rotated: Uint8Array[]): number =>
      rotated.reduce((sum, bytes, index) => sum + squaredError(bytes, steps[index]), 0)
    expect(total(ours)).toBeLessThanOrEqual(total(steps.map((step) => oracle.rotate(ciphertext, step))))
    await close()
    oracle.close()
  })
})
