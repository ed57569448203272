import type { Plan } from '../../src-main/core/plan/plan.ts'
import { openKernels, type OpenKernels } from '../../src-main/kernels/open-kernels.ts'
import type { KernelKind } from '../../src-main/core/plan/evaluator-kinds.ts'
import type { KernelValue } from '../../src-main/kernels/kernel-evaluator.ts'
import { readCiphertext } from '../../src-main/kernels/seal-bytes.ts'
import type { Oracle } from './oracle.ts'

/** So small that products stay in SEAL's bounds at every level. */
export const SCALE = 1

export interface Session extends OpenKernels {
  /** Indices of the weights at a level, to be loaded at will. */
  weightsAt(primes: number): number[]
  load(ciphertext: Uint8Array): KernelValue
}

export interface SessionOptions {
  readonly steps: readonly number[]
  /** Weights per level: the longest sum. */
  readonly taps: number
  readonly threads?: number
  readonly kinds?: readonly KernelKind[]
  /** Room for values, in polynomials. */
  readonly room?: number
  readonly withoutKeys?: boolean
  /** Room for a public key, to encrypt the one input at the first level. */
  readonly encrypts?: boolean
}

/** Kernels ready for any operation at any level of the oracle's chain. */
export async function openForTest(oracle: Oracle, options: SessionOptions): Promise<Session> {
  const { steps, taps, threads = 1, kinds, room = 400, withoutKeys = false, encrypts = false } = options
  const dataPrimes = oracle.primes.length - 1
  const levels = Array.from({ length: dataPrimes }, (_, index) => index + 1)
  const plan: Plan = {
    parameters: oracle.parameters,
    input: { mode: 'encrypted', shape: [1, 1, 1], sources: [], scale: SCALE, primes: dataPrimes },
    weights: levels.flatMap((primes) =>
      Array.from({ length: taps }, () => ({ layer: 0, role: 'weight' as const, scale: SCALE, primes })),
    ),
    ...{ instructions: [], layers: [] },
    output: { registers: [], shape: [1, 1, 1], positions: new Int32Array() },
    batch: 1,
  }
  const kernels = await openKernels(plan, {
    ...{ threads, kinds },
    ...(encrypts && { inputs: 'encrypt' as const }),
    requirements: {
      ...{
        valueBytes: 8 * oracle.n * room,
        tableWords: Math.max(2 * taps, 64),
        sharedPolynomials: 2 * dataPrimes + 32,
      },
      ...{ relinearisePrimes: dataPrimes, rotationPrimes: new Map(steps.map((step) => [step, dataPrimes])) },
    },
  })
  if (!withoutKeys) {
    kernels.store.loadRelinearisationKey(oracle.relinearisationKey)
    kernels.store.loadGaloisKeys(oracle.galoisKeys)
  }
  return {
    ...kernels,
    weightsAt: (primes) => Array.from({ length: taps }, (_, index) => (primes - 1) * taps + index),
    load: (bytes) => {
      const { parts, primes, scale } = readCiphertext(bytes, oracle.n)
      const value = kernels.evaluator.newInput(parts, primes, scale)
      kernels.store.loadInput(value, bytes)
      return value
    },
  }
}
