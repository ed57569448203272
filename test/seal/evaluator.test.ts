import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WeightSlot } from '../../src-main/core/plan/plan.ts'
import {
  heapBytes,
  loadCiphertext,
  PublicEncryptor,
  saveCiphertext,
  SealEvaluator,
  SealKeys,
  SealWeights,
  type SealContext,
  type SealValue,
} from '../../src-main/seal/public.ts'
import { unpackCiphertext } from '../../src-main/seal/packed.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'
import { insecureContext } from './insecure.ts'

const scale = 2 ** 30
const slots: WeightSlot[] = [
  { layer: 0, role: 'weight', scale, primes: 4 },
  { layer: 0, role: 'weight', scale, primes: 4 },
  { layer: 0, role: 'bias', scale: scale * (1 + 1e-12), primes: 4 },
]
const vector = (f: (i: number) => number): Float64Array => Float64Array.from({ length: 512 }, (_, i) => f(i))
const weightVectors = [vector((i) => Math.sin(i)), vector((i) => Math.cos(i)), vector((i) => i / 512)]
const x = vector((i) => Math.sin(3 * i))
const z = vector((i) => Math.cos(5 * i))

describe('SealEvaluator on insecure small parameters', () => {
  let context: SealContext
  let key: OwnerKey
  let keys: SealKeys
  let weights: SealWeights
  let encryptor: PublicEncryptor
  let evaluator: SealEvaluator
  const loads: number[] = []

  beforeAll(async () => {
    context = await insecureContext()
    key = OwnerKey.generate(context)
    keys = new SealKeys(context)
    keys.add(key.evaluationKeys(4, true, [1, 5]))
    keys.add(key.evaluationKeys(2, true, [7]))
    const saved = slots.map((slot, index) => key.encryptSeeded(weightVectors[index], slot.scale, slot.primes))
    const load = (index: number): Uint8Array => (loads.push(index), saved[index])
    weights = new SealWeights(context, slots, load, 3 * 2 * 8 * 1024 * 4)
    encryptor = new PublicEncryptor(context, key.publicKey())
    evaluator = new SealEvaluator({ context, weights, keys })
  })
  afterAll(() => [encryptor, weights, keys, key, context].forEach((part) => part.delete()))

  const encrypt = (values: Float64Array, primes = 4): SealValue => encryptor.encrypt(values, scale, primes)
  const decrypt = (value: SealValue): Float64Array => key.decrypt(value as Parameters<OwnerKey['decrypt']>[0])
  const expectSlots = (value: SealValue, expected: (i: number) => number): void => {
    const actual = decrypt(value)
    const worst = Math.max(...actual.map((slot, i) => Math.abs(slot - expected(i))))
    expect(worst).toBeLessThan(1e-4)
  }

  it('sums products of values and weights, three parts until relinearised, then rescales', () => {
    const sum = evaluator.multiplySum([encrypt(x), encrypt(z)], [0, 1])
    expect(sum.size()).toBe(3)
    const result = evaluator.rescale(evaluator.relinearise(sum)) as ReturnType<PublicEncryptor['encrypt']>
    expect(result.size()).toBe(2)
    expect(result.coeffModulusSize()).toBe(3)
    expectSlots(result, (i) => x[i] * weightVectors[0][i] + z[i] * weightVectors[1][i])
  })

  it('multiplies plain values, a black image included', () => {
    const black = context.encode(new Float64Array(512), scale, 4)
    const plain = context.encode(x, scale, 4)
    expectSlots(evaluator.multiplySum([black, plain], [0, 1]), (i) => x[i] * weightVectors[1][i])
    const zero = evaluator.multiplySum([black], [0])
    expect(zero.scale()).toBe(scale * scale)
    expectSlots(zero, () => 0)
  })

  it('rotates left, with keys of the whole chain or of a shorter one', () => {
    expectSlots(evaluator.rotate(encrypt(x), 5), (i) => x[(i + 5) % 512])
    expectSlots(evaluator.rotate(encrypt(x, 2), 7), (i) => x[(i + 7) % 512])
    expect(() => evaluator.rotate(encrypt(x, 3), 7)).toThrow('no key for rotation by 7 with 3 primes')
  })

  it('squares and relinearises at a low level', () => {
    expectSlots(evaluator.relinearise(evaluator.square(encrypt(x, 2))), (i) => x[i] ** 2)
  })

  it('adds under scales that differ by rounding and leaves its operands as they were', () => {
    const value = encrypt(x)
    expectSlots(evaluator.addWeight(value, 2), (i) => x[i] + weightVectors[2][i])
    expectSlots(evaluator.addWeight(value, 2), (i) => x[i] + weightVectors[2][i])
    expectSlots(value, (i) => x[i])
    const other = evaluator.multiplySum([encrypt(z)], [0])
    expect(() => evaluator.add(value, other)).toThrow('cannot be added')
  })

  it('drops primes and keeps the value', () => {
    expectSlots(evaluator.modSwitch(encrypt(x), 1), (i) => x[i])
  })

  it('loads each weight once while the budget lasts', () => {
    evaluator.addWeight(encrypt(x), 2)
    expect(loads).toEqual([...new Set(loads)])
    const small = new SealWeights(context, slots, (index) => (loads.push(index), key.encryptSeeded(x, scale, 4)), 0)
    loads.length = 0
    const lent = [1, 1].map((index) => small.lend(index, (weight) => weight.size()))
    expect(lent).toEqual([2, 2])
    expect(loads).toEqual([1, 1])
  })

  it('saves and loads ciphertexts, and refuses damaged ones', () => {
    const bytes = saveCiphertext(context, encrypt(x) as ReturnType<PublicEncryptor['encrypt']>)
    expectSlots(loadCiphertext(context, bytes, { primes: 4, scale }), (i) => x[i])
    const refusals: [string, Uint8Array, number, number][] = [
      ['truncated', bytes.slice(0, 1000), 4, scale],
      ['another level', bytes, 3, scale],
      ['another scale', bytes, 4, scale * 2],
      ['trailing bytes', Uint8Array.of(...bytes, 0), 4, scale],
      ['compressed', bytes.with(5, 2), 4, scale],
      ['not SEAL data', bytes.with(0, 0), 4, scale],
      ['residues out of range', bytes.with(113 + 7, 255), 4, scale],
    ]
    for (const [name, damaged, primes, wanted] of refusals) {
      const load = (): unknown => loadCiphertext(context, damaged, { primes, scale: wanted })
      expect(load, name).toThrow(expect.objectContaining({ code: 'damaged-data' }))
    }
  })

  it('refuses numbers that would break SEAL', () => {
    for (const bad of [NaN, Infinity, -Infinity, 1e300]) {
      expect(() => context.encode(Float64Array.of(bad), scale, 4)).toThrow(
        expect.objectContaining({ code: 'internal' }),
      )
    }
    expect(() => context.encode(Float64Array.of(1), Infinity, 4)).toThrow('out of range')
    expect(() => context.encode(new Float64Array(513), scale, 4)).toThrow('do not fit')
  })
})

describe('a seeded ciphertext', () => {
  it('whose generator is said to be compressed is refused before SEAL makes room for it', async () => {
    const context = await insecureContext()
    const key = OwnerKey.generate(context)
    const bytes = unpackCiphertext(context, key.encryptSeeded(x, scale, 2), 2, scale)
    const before = heapBytes(context.seal)
    for (const compression of [1, 2]) {
      const load = () => loadCiphertext(context, bytes.with(-81 + 5, compression), { primes: 2, scale })
      expect(load).toThrow(expect.objectContaining({ code: 'damaged-data' }))
    }
    const load = () => loadCiphertext(context, bytes.with(-65, 0), { primes: 2, scale })
    expect(load).toThrow(expect.objectContaining({ code: 'damaged-data', message: expect.stringContaining('seed') }))
    expect(heapBytes(context.seal)).toBe(before)
    for (const part of [key, context]) part.delete()
  })
})

describe('OwnerKey', () => {
  it('decrypts after being saved and loaded, and only with the right key', async () => {
    const context = await insecureContext()
    const key = OwnerKey.generate(context)
    const ciphertext = loadCiphertext(context, unpackCiphertext(context, key.encryptSeeded(x, scale, 2), 2, scale), {
      primes: 2,
      scale,
    })
    const again = OwnerKey.load(context, key.save())
    expect(again.decrypt(ciphertext)[3]).toBeCloseTo(x[3], 4)
    const other = OwnerKey.generate(context)
    expect(Math.abs(other.decrypt(ciphertext)[3] - x[3])).toBeGreaterThan(1)
  })
})
