import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openForTest, SCALE } from './open-for-test.ts'
import { Oracle } from './oracle.ts'

const N = 1024
const PRIMES = 3
const ONE = 2 ** 30

/** A product with an encryption of a constant shows what a plaintext holds. */
describe('rotating an encoded plaintext', () => {
  let insecure: Oracle
  beforeAll(async () => {
    insecure = await Oracle.open(N, [40, 30, 30, 41], [1])
  })
  afterAll(() => insecure.close())

  it.each([1, 7, 255, 511])('by %i slots leaves what encoding the rotated slots gives', async (steps) => {
    const slots = Float64Array.from({ length: N / 2 }, (_, i) => Math.sin(i * i))
    const session = await openForTest(insecure, { steps: [], taps: 1, withoutKeys: true })
    const [weight] = session.weightsAt(PRIMES)
    session.store.loadWeight(weight, insecure.encrypt(new Float64Array(N / 2).fill(ONE), SCALE))
    const plain = session.evaluator.newInput(1, PRIMES, ONE)
    session.store.loadInput(plain, insecure.encode(slots, ONE, PRIMES))
    const turned = session.turnInput(plain, steps)
    const found = insecure.decrypt(session.store.save(session.evaluator.multiplySum([turned], [weight])))
    const worst = Math.max(...found.map((value, i) => Math.abs(value / ONE - slots[(i + steps) % slots.length])))
    expect(worst).toBeLessThan(1e-3)
    await session.close()
  })
})
