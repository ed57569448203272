import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCiphertext, readKeys, readPlaintext } from '../../src-main/kernels/seal-bytes.ts'
import { openForTest, SCALE, type Session } from './open-for-test.ts'
import { Oracle } from './oracle.ts'
import { randomSource } from './random.ts'

const N = 256

describe('serialised SEAL objects', () => {
  let insecure: Oracle
  let other: Oracle
  let kernels: Session
  let ciphertext: Uint8Array

  beforeAll(async () => {
    insecure = await Oracle.open(N, [30, 30, 31], [1])
    other = await Oracle.open(N, [29, 30, 31], [1])
    kernels = await openForTest(insecure, { steps: [1], taps: 1, withoutKeys: true })
    ciphertext = insecure.ciphertext(2, 2, SCALE, randomSource(0).residues())
  })
  afterAll(async () => {
    await kernels.close()
    insecure.close()
    other.close()
  })

  const changed = (change: (view: DataView) => void): Uint8Array => {
    const bytes = ciphertext.slice()
    change(new DataView(bytes.buffer))
    return bytes
  }

  it('are read back as they were written', () => {
    const { parts, primes, scale } = readCiphertext(ciphertext, N)
    expect({ parts, primes, scale }).toEqual({ parts: 2, primes: 2, scale: SCALE })
    const value = kernels.load(ciphertext)
    expect(Buffer.compare(kernels.store.save(value), ciphertext)).toBe(0)
    kernels.evaluator.release(value)
  })

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array()],
    ['a truncated object', (bytes) => bytes.subarray(0, bytes.length - 8)],
    ['an object with a tail', (bytes) => Uint8Array.of(...bytes, 0)],
    ['another magic number', () => changed((view) => view.setUint8(0, 1))],
    ['a compressed object', () => changed((view) => view.setUint8(5, 2))],
    ['coefficient form', () => changed((view) => view.setUint8(48, 0))],
    ['no parts', () => changed((view) => view.setBigUint64(49, 0n, true))],
    ['an absurd number of primes', () => changed((view) => view.setBigUint64(65, 2n ** 60n, true))],
    ['another degree', () => changed((view) => view.setBigUint64(57, 512n, true))],
    ['a seeded ciphertext', () => changed((view) => view.setBigUint64(105, BigInt(2 * N), true))],
  ])('are refused: %s', (_, damage) => {
    expect(() => readCiphertext(damage(ciphertext), N)).toThrow('A serialised SEAL object cannot be read')
  })

  it('are refused where a residue is not below its prime', () => {
    for (const word of [insecure.primes[0], 2n ** 52n, 2n ** 64n - 1n]) {
      const bytes = changed((view) => view.setBigUint64(113 + 8 * 7, word, true))
      expect(() => kernels.store.loadWeight(kernels.weightsAt(2)[0], bytes)).toThrow('A residue is not below its prime')
    }
  })

  it('are refused at another level or scale than the plan says', () => {
    const load = (bytes: Uint8Array) => () => kernels.store.loadWeight(kernels.weightsAt(2)[0], bytes)
    expect(load(insecure.ciphertext(2, 1, SCALE, () => 1n))).toThrow('size, level or scale of a ciphertext')
    expect(load(insecure.ciphertext(2, 2, 3, () => 1n))).toThrow('size, level or scale of a ciphertext')
    expect(load(changed((view) => view.setFloat64(73, NaN, true)))).toThrow('size, level or scale of a ciphertext')
  })

  it('are refused where they belong to other parameters', () => {
    const foreign = other.ciphertext(2, 2, SCALE, () => 1n)
    expect(() => kernels.store.loadWeight(kernels.weightsAt(2)[0], foreign)).toThrow('other encryption parameters')
    expect(() => kernels.store.loadRelinearisationKey(other.relinearisationKey)).toThrow('other encryption parameters')
  })

  it('are refused as keys when cut short anywhere', () => {
    const { relinearisationKey: key } = insecure
    expect(readKeys(key, N).get(0)).toHaveLength(2)
    for (const length of [0, 15, 40, 60, 100, key.length - 1]) {
      expect(() => readKeys(key.subarray(0, length), N)).toThrow('A serialised SEAL object cannot be read')
    }
    const absurd = key.slice()
    new DataView(absurd.buffer).setBigUint64(48, 2n ** 50n, true)
    expect(() => readKeys(absurd, N)).toThrow('A serialised SEAL object cannot be read')
  })

  it('are never a secret key', () => {
    const { secretKey } = insecure
    expect(readPlaintext(secretKey, N).primes).toBe(3)
    const plain = kernels.evaluator.newInput(1, 2, SCALE)
    expect(() => kernels.store.loadInput(plain, secretKey)).toThrow('size, level or scale of a ciphertext')
    expect(() => kernels.store.loadWeight(kernels.weightsAt(2)[0], secretKey)).toThrow()
    expect(() => kernels.store.loadGaloisKeys(secretKey)).toThrow()
    kernels.evaluator.release(plain)
  })
})
