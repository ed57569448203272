import { describe, expect, it } from 'vitest'
import type { KernelValue } from '../../src-main/kernels/kernel-evaluator.ts'
import { openForTest, SCALE, type Session } from './open-for-test.ts'
import { Oracle } from './oracle.ts'
import { randomSource, type RandomSource } from './random.ts'

/** How many operations run on each chain; more than 10,000 in all. Small degrees are insecure, and fast. */
const chains: Chain[] = [
  { n: 256, primeBits: [50, 50, 50, 50], operations: 3000, taps: 40 },
  { n: 256, primeBits: [40, 30, 30, 40], operations: 3000, taps: 40 },
  { n: 256, primeBits: [49, 47, 20, 48, 45, 50], operations: 2000, taps: 20 },
  { n: 512, primeBits: [48, 48, 48, 48], operations: 1500, taps: 20 },
  { n: 1024, primeBits: [45, 40, 40, 40, 40, 40, 40, 40, 48], operations: 500, taps: 9 },
  { n: 2048, primeBits: [30, 31], operations: 200, taps: 9 },
  { n: 4096, primeBits: [46, 26, 26], operations: 100, taps: 9 },
  { n: 8192, primeBits: [50, 30, 30, 30, 50], operations: 60, taps: 9 },
  { n: 16384, primeBits: [45, 40, 40, 40, 40, 40, 40, 40, 48], operations: 15, taps: 5 },
  { n: 32768, primeBits: [50, 49, 48, 50], operations: 10, taps: 5 },
]

/** Fewer suffice without fused multiply-add: only the arithmetic on residues is another one. */
const unfusedChains: Chain[] = [
  { n: 256, primeBits: [50, 50, 50, 50], operations: 800, taps: 40 },
  { n: 256, primeBits: [49, 47, 20, 48, 45, 50], operations: 600, taps: 20 },
  { n: 512, primeBits: [48, 48, 48, 48], operations: 600, taps: 20 },
  { n: 1024, primeBits: [45, 40, 40, 40, 40, 40, 40, 40, 48], operations: 150, taps: 9 },
  { n: 16384, primeBits: [48, 30, 48], operations: 12, taps: 9 },
  { n: 32768, primeBits: [48, 40, 50], operations: 6, taps: 5 },
]

interface Chain {
  readonly n: number
  readonly primeBits: readonly number[]
  readonly operations: number
  readonly taps: number
}

describe.each([
  { kind: 'relaxed-simd-f64', chains },
  { kind: 'simd-f64', chains: unfusedChains },
] as const)('every operation on $kind gives the words that SEAL gives', ({ kind, chains }) => {
  for (const [seed, { n, primeBits, operations, taps }] of chains.entries()) {
    it(`N = ${n}, primes of ${primeBits.join(', ')} bits: ${operations} random operations`, async () => {
      const steps = [1, 2, n / 4, n / 2 - 1]
      const oracle = await Oracle.open(n, primeBits, steps)
      const room = 40 + 2 * taps * primeBits.length
      const kernels = await openForTest(oracle, { steps, taps, room, kinds: [kind] })
      expect(kernels.kind).toBe(kind)
      try {
        const random = randomSource(seed)
        for (let count = 0; count < operations; count++) compareOne(oracle, kernels, random, steps, taps)
      } finally {
        await kernels.close()
        oracle.close()
      }
    }, 60_000)
  }
})

it('makes at least 10,000 comparisons', () => {
  expect(chains.reduce((sum, { operations }) => sum + operations, 0)).toBeGreaterThanOrEqual(10_000)
})

/** One random operation at a random level, by both; their bytes must be the same. */
function compareOne(
  oracle: Oracle,
  kernels: Session,
  random: RandomSource,
  steps: readonly number[],
  taps: number,
): void {
  const { evaluator, store } = kernels
  const primes = 1 + random.below(oracle.primes.length - 1)
  const many = random.below(20) === 0 ? taps : 1 + random.below(Math.min(taps, 3))
  const weights = kernels.weightsAt(primes)
  const step = steps[random.below(steps.length)]
  const values: KernelValue[] = []
  const ciphertext = (parts: number): Uint8Array => oracle.ciphertext(parts, primes, SCALE, random.residues())
  const load = (bytes: Uint8Array): KernelValue => values[values.push(kernels.load(bytes)) - 1]
  const weight = (index: number): Uint8Array => {
    const bytes = ciphertext(2)
    store.loadWeight(weights[index], bytes)
    return bytes
  }
  const unary = (
    parts: number,
    ours: (value: KernelValue) => KernelValue,
    seals: (bytes: Uint8Array) => Uint8Array,
  ) => {
    const bytes = ciphertext(parts)
    return [ours(load(bytes)), seals(bytes)] as const
  }
  const operations = {
    multiplySum: () => {
      const factors = Array.from({ length: many }, () => ciphertext(2))
      const others = factors.map((_, index) => weight(index))
      return [
        evaluator.multiplySum(factors.map(load), weights.slice(0, many)),
        oracle.multiplySum(factors, others),
      ] as const
    },
    multiplyPlain: () => {
      const plains = Array.from({ length: many }, () => {
        const slots = Float64Array.from({ length: oracle.n / 2 }, () => random.below(1000) - 500)
        return oracle.encode(slots, SCALE, primes)
      })
      const others = plains.map((_, index) => weight(index))
      const inputs = plains.map((plain) => {
        const value = evaluator.newInput(1, primes, SCALE)
        values.push(value)
        store.loadInput(value, plain)
        return value
      })
      const products = plains.map((plain, index) => oracle.multiplyPlain(plain, others[index]))
      return [
        evaluator.multiplySum(inputs, weights.slice(0, many)),
        products.reduce((sum, product) => oracle.add(sum, product)),
      ] as const
    },
    addWeight: () => {
      const [left, right] = [ciphertext(2 + random.below(2)), weight(0)]
      return [evaluator.addWeight(load(left), weights[0]), oracle.add(left, right)] as const
    },
    add: () => {
      const [left, right] = [ciphertext(2 + random.below(2)), ciphertext(2 + random.below(2))]
      return [evaluator.add(load(left), load(right)), oracle.add(left, right)] as const
    },
    square: () => unary(2, (value) => evaluator.square(value), oracle.square),
    relinearise: () => unary(3, (value) => evaluator.relinearise(value), oracle.relinearise),
    rotate: () =>
      unary(
        2,
        (value) => evaluator.rotate(value, step),
        (bytes) => oracle.rotate(bytes, step),
      ),
    ...(primes > 1 && {
      rescale: () => unary(2 + random.below(2), (value) => evaluator.rescale(value), oracle.rescale),
      modSwitch: () => unary(2, (value) => evaluator.modSwitch(value, primes - 1), oracle.dropPrime),
    }),
  }
  const names = Object.keys(operations) as (keyof typeof operations)[]
  const name = names[random.below(names.length)]
  const [result, wanted] = operations[name]!()
  const equal = Buffer.compare(store.save(result), wanted) === 0
  ;[...values, result].forEach((value) => evaluator.release(value))
  if (!equal) expect.fail(`${name} at ${primes} primes differs from SEAL's (${many} products, ${step} steps)`)
}
