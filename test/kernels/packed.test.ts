import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packCiphertext } from '../../src-main/seal/packed.ts'
import { openForTest, SCALE, type Session } from './open-for-test.ts'
import { Oracle } from './oracle.ts'
import { randomSource } from './random.ts'

const N = 4096
const STEPS = [1, 5]

/** Packs each seeded ciphertext of serialised keys, in the order in which they stand. */
function packKeys(seeded: Uint8Array, primes: readonly string[]): Uint8Array {
  const view = new DataView(seeded.buffer, seeded.byteOffset, seeded.byteLength)
  const digits: Uint8Array[] = []
  for (let at = 56; at < seeded.length;) {
    const count = Number(view.getBigUint64(at, true))
    at += 8
    for (let digit = 0; digit < count; digit++) {
      const length = Number(view.getBigUint64(at + 8, true))
      digits.push(packCiphertext(seeded.subarray(at, at + length), primes))
      at += length
    }
  }
  return Buffer.concat(digits)
}

describe('packed ciphertexts and keys', () => {
  let insecure: Oracle
  let kernels: Session
  const random = randomSource(3)

  beforeAll(async () => {
    insecure = await Oracle.open(N, [50, 50, 37, 50], STEPS)
    kernels = await openForTest(insecure, { steps: STEPS, taps: 1, threads: 2 })
  })
  afterAll(async () => {
    await kernels.close()
    insecure.close()
  })

  it('expand to what SEAL expands them to, words drawn anew included', () => {
    for (let count = 0; count < 30; count++) {
      const primes = 1 + (count % 3)
      const slots = Float64Array.from({ length: N / 2 }, () => random.below(100))
      const { seeded, full } = insecure.seeded(slots, SCALE, primes)
      const [index] = kernels.weightsAt(primes)
      kernels.store.loadPackedWeight(index, packCiphertext(seeded, insecure.parameters.primes.slice(0, primes)))
      const zero = kernels.load(insecure.ciphertext(2, primes, SCALE, () => 0n))
      const weight = kernels.evaluator.addWeight(zero, index)
      expect(Buffer.compare(kernels.store.save(weight), full)).toBe(0)
      ;[zero, weight].forEach((value) => kernels.evaluator.release(value))
    }
  })

  it('serve as keys like the same keys in full', async () => {
    const [relinearisation, galois] = [insecure.seededKeys(), insecure.seededKeys(STEPS)]
    const { primes } = insecure.parameters
    const fresh = { steps: STEPS, taps: 1, threads: 2, withoutKeys: true }
    const [fromPacked, fromFull] = [await openForTest(insecure, fresh), await openForTest(insecure, fresh)]
    fromFull.store.loadRelinearisationKey(relinearisation.full)
    fromFull.store.loadGaloisKeys(galois.full)
    fromPacked.store.loadPackedKeys({ primes: 3, relinearisation: packKeys(relinearisation.seeded, primes) })
    fromPacked.store.loadPackedKeys({ primes: 3, galois: { steps: STEPS, bytes: packKeys(galois.seeded, primes) } })
    const three = insecure.ciphertext(3, 3, SCALE, random.residues())
    const two = insecure.ciphertext(2, 2, SCALE, random.residues())
    const results = [fromPacked, fromFull].map(({ evaluator, store, load }) =>
      [
        evaluator.relinearise(load(three)),
        ...STEPS.map((step) => evaluator.rotate(load(two), step)),
        ...evaluator.rotateMany(load(two), STEPS),
      ].map((value) => store.save(value)),
    )
    results[0].forEach((bytes, index) => expect(Buffer.compare(bytes, results[1][index])).toBe(0))
    await Promise.all([fromPacked.close(), fromFull.close()])
  })

  it('are refused at a wrong length, or with a residue that is not below its prime', () => {
    const { seeded } = insecure.seeded(new Float64Array(N / 2), SCALE, 1)
    const packed = packCiphertext(seeded, insecure.parameters.primes.slice(0, 1))
    const [index] = kernels.weightsAt(1)
    const load = (bytes: Uint8Array) => () => kernels.store.loadPackedWeight(index, bytes)
    expect(load(packed)).not.toThrow()
    expect(load(packed.subarray(1))).toThrow('A packed ciphertext has a wrong size')
    expect(load(packed.fill(255, 64))).toThrow('A residue is not below its prime')
  })
})
