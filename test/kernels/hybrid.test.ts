import { describe, expect, it } from 'vitest'
import { nttPrimes } from '../../src-main/core/numeric/primes.ts'
import { automorphism } from '../../src-main/core/numeric/residue-ring.ts'
import type { KernelKind } from '../../src-main/core/plan/evaluator-kinds.ts'
import { allPrimesOf, keyChainOf, keyFormOf } from '../../src-main/core/plan/key-form.ts'
import type { CkksParameters, KeyForm, Plan } from '../../src-main/core/plan/plan.ts'
import { KeySwitcher, type HybridKey, type Residues } from '../../src-main/core/plan/switch-keys.ts'
import type { KernelValue } from '../../src-main/kernels/kernel-evaluator.ts'
import { galoisElement } from '../../src-main/kernels/number-theory.ts'
import { openKernels } from '../../src-main/kernels/open-kernels.ts'
import { packResidues } from '../../src-main/core/bundle/residues.ts'
import { switchKeys, type SecondKey } from '../bundle/second-expansion.ts'
import { expand } from '../bundle/second-reader.ts'
import { randomSource } from './random.ts'

const STEPS = [1, 5]

/** A form for each level; special primes of 50 bits, the last ones from the chain. */
function parametersOf(
  n: number,
  bits: readonly number[],
  keyPrimes: number,
  forms: readonly KeyForm[],
): CkksParameters {
  const taken = new Set<bigint>()
  const take = (size: number): string => {
    const [prime] = nttPrimes(n, size, 1, taken)
    taken.add(prime)
    return String(prime)
  }
  const primes = bits.map(take)
  const keySwitching = { keyPrimes: Array.from({ length: keyPrimes }, () => take(50)), forms }
  return { polyModulusDegree: n, primes, keySwitching }
}

interface Case {
  readonly name: string
  readonly kind: KernelKind
  readonly threads: number
  readonly parameters: CkksParameters
  /** Of the keys, and of the values that are switched. */
  readonly level: number
  readonly levels: readonly number[]
}

const form = (digitPrimes: number, specialPrimes: number): KeyForm => ({ digitPrimes, specialPrimes })
const all = (count: number, one: KeyForm): KeyForm[] => Array.from({ length: count }, () => one)
const large = [50, 49, 48, 47, 30, 50, 40, 50]
const cases: Case[] = (['relaxed-simd-f64', 'simd-f64'] as const).flatMap((kind) => [
  {
    ...{ name: 'digits of two', kind, threads: 1, level: 7, levels: [7, 6, 3, 2, 1] },
    parameters: parametersOf(512, large, 1, all(7, form(2, 2))),
  },
  {
    ...{ name: 'digits of three, special primes from the chain', kind, threads: 2, level: 4, levels: [4, 3, 1] },
    parameters: parametersOf(512, large, 1, all(7, form(3, 4))),
  },
  {
    ...{ name: 'one digit of eight, eight special primes', kind, threads: 1, level: 8, levels: [8, 5] },
    parameters: parametersOf(512, [...all8(40), ...all8(41), 50], 2, all(16, form(8, 8))),
  },
  {
    ...{ name: 'digits of one', kind, threads: 1, level: 3, levels: [3, 2] },
    parameters: parametersOf(1024, [50, 30, 30, 50], 0, all(3, form(1, 1))),
  },
])

function all8(bits: number): number[] {
  return Array.from({ length: 8 }, () => bits)
}

describe.each(cases)('hybrid key switching, $name, on $kind', ({ kind, threads, parameters, level, levels }) => {
  const n = parameters.polyModulusDegree
  const random = randomSource(level)
  const primes = allPrimesOf(parameters).map(BigInt)
  const chain = keyChainOf(parameters, level).map((index) => primes[index])
  const { digitPrimes } = keyFormOf(parameters, level)
  /** A key of any residues, in the bundle's form. */
  const packedKey = (): Uint8Array =>
    Buffer.concat(
      Array.from({ length: Math.ceil(level / digitPrimes) }, () => {
        const seed = Uint8Array.from({ length: 64 }, () => random.below(256))
        const residue = random.residues()
        const packed = chain.map((prime) => {
          const words = BigUint64Array.from({ length: n }, () => residue(prime))
          return packResidues(new Uint32Array(words.buffer), prime.toString(2).length)
        })
        return Buffer.concat([seed, ...packed])
      }),
    )
  const packed = [packedKey(), ...STEPS.map(packedKey)]
  const expanded = packed.map((key) => {
    const bytes = key.length / Math.ceil(level / digitPrimes)
    return Array.from({ length: Math.ceil(level / digitPrimes) }, (_, j) =>
      expand(Buffer.from(key.subarray(j * bytes, (j + 1) * bytes)), n, chain).map((residues) =>
        chain.map((_, prime) => residues.slice(prime * n, (prime + 1) * n)),
      ),
    )
  })
  const portable = expanded.map((digits): HybridKey => ({
    ...{ form: keyFormOf(parameters, level), dataPrimes: level },
    digits: digits.map((parts) => parts.map((part) => part.map(toNumbers))) as unknown as HybridKey['digits'],
  }))
  const second = expanded.map((digits) => ({
    ...{ digits, dataPrimes: level, special: chain.slice(level), digitPrimes },
  })) as unknown as SecondKey[]

  it('gives the words of the plain and of the whole-number reference', async () => {
    const plan: Plan = {
      parameters,
      input: { mode: 'encrypted', shape: [1, 1, 1], sources: [], scale: 1, primes: level },
      ...{ weights: [], instructions: [], layers: [], batch: 1 },
      output: { registers: [], shape: [1, 1, 1], positions: new Int32Array() },
    }
    const requirements = {
      ...{ valueBytes: 8 * n * 400, tableWords: 64, sharedPolynomials: 2 * level + 8 * 8 },
      ...{ relinearisePrimes: level, rotationPrimes: new Map(STEPS.map((steps) => [steps, level])) },
    }
    const kernels = await openKernels(plan, { threads, kinds: [kind], requirements })
    const { evaluator, store } = kernels
    try {
      store.loadPackedKeys({ primes: level, relinearisation: packed[0] })
      store.loadPackedKeys({ primes: level, galois: { steps: STEPS, bytes: Buffer.concat(packed.slice(1)) } })
      const switcher = new KeySwitcher(parameters)
      for (const count of levels) {
        const residue = random.residues()
        const polynomials = Array.from({ length: 3 * count }, (_, at) =>
          Float64Array.from({ length: n }, () => Number(residue(primes[at % count]))),
        )
        const load = (parts: number): KernelValue => {
          const value = evaluator.newInput(parts, count, 1)
          polynomials
            .slice(0, parts * count)
            .forEach((polynomial, at) =>
              new Float64Array(kernels.memory.buffer, value.address + 8 * n * at, n).set(polynomial),
            )
          return value
        }
        const read = ({ address, parts }: KernelValue): number[][] =>
          Array.from({ length: parts * count }, (_, at) => [
            ...new Float64Array(kernels.memory.buffer, address + 8 * n * at, n),
          ])
        const sums = (added: Residues, switched: readonly (readonly ArrayLike<number | bigint>[])[]): number[][] =>
          switched.flatMap((part, i) =>
            part.map((residues, prime) =>
              Array.from(
                residues,
                (x, k) => (Number(x) + (added[i * count + prime]?.[k] ?? 0)) % Number(primes[prime]),
              ),
            ),
          )
        const third = polynomials.slice(2 * count)
        const relinearised = read(evaluator.relinearise(load(3)))
        expect(relinearised).toEqual(sums(polynomials.slice(0, 2 * count), switcher.switchKeys(third, portable[0])))
        const ring = { degree: n, primes: primes.slice(0, count) }
        const whole = switchKeys(
          third.map((residues) => Array.from(residues, BigInt)),
          ring,
          second[0],
        )
        expect(relinearised).toEqual(sums(polynomials.slice(0, 2 * count), whole))
        const together = evaluator.rotateMany(load(2), STEPS)
        STEPS.forEach((steps, i) => {
          const from = automorphism(galoisElement(steps, n), n)
          const turned = polynomials.slice(0, 2 * count).map((values) => values.map((_, k) => values[from[k]]))
          const expected = sums(turned.slice(0, count), switcher.switchKeys(turned.slice(count), portable[1 + i]))
          expect(read(evaluator.rotate(load(2), steps))).toEqual(expected)
          expect(read(together[i])).toEqual(expected)
        })
      }
    } finally {
      await kernels.close()
    }
  })
})

const toNumbers = (residues: readonly bigint[]): Float64Array => Float64Array.from(residues, Number)
