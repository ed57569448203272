import { allPrimesOf, keyChainOf, keyFormOf } from '../core/plan/key-form.ts'
import { placeWeights } from '../core/plan/place-weights.ts'
import { dataPrimesOf, type KeyForm, type Plan, type WeightSource } from '../core/plan/plan.ts'
import { ringBytes, type RingPlace } from './command-ring.ts'
import { conversionBytes, conversionName, type ConversionRoom } from './conversion-table.ts'
import { packedPartBytes, primeTableBytes } from './prime-table.ts'
import type { Requirements } from './rehearsal.ts'

/** A key's place, cut down to the digits and primes that the plan uses. */
export interface KeyRoom {
  readonly key: number
  /** Data primes; the special ones are kept besides. */
  readonly dataPrimes: number
  readonly form: KeyForm
  readonly permutation: number
}

/** What encrypts, or encodes, inputs. */
export interface InputRoom {
  /** Roots and twists: kernels/encoding.ts. */
  readonly tables: number
  /** Residues [part][prime], centred; 0 where inputs stay in the clear. */
  readonly publicKey: number
}

/** Every address of a run, known before anything is loaded. */
export interface MemoryLayout {
  readonly bytes: number
  readonly ring: RingPlace
  readonly shared: number
  /** Undefined where inputs come as ciphertexts, and no weight is masked. */
  readonly input: InputRoom | undefined
  readonly relinearisation: KeyRoom | undefined
  /** By rotation steps. */
  readonly rotations: ReadonlyMap<number, KeyRoom>
  /** By `conversionName`. */
  readonly conversions: ReadonlyMap<string, ConversionRoom>
  /** By weight index. Those that come and go share their places. */
  readonly weights: readonly number[]
  /** By instruction: what is loaded right before it in every run, because not all weights have room. */
  readonly streamed: readonly (readonly WeightSource[])[]
  /** The arena of inputs and intermediates. */
  readonly values: number
  readonly valueBytes: number
}

/** The head of a thread's scratch: assembly/key-switch.ts. */
const SCRATCH_HEAD_BYTES = 2 * 2048 + 8 * (64 + 8)
const ALIGNMENT = 64
/** Packed values are read a little past their end. */
const OVERREAD_BYTES = 16
/** Nothing lies at address 0, which stands for none. */
const FIRST_ADDRESS = 1024

/** Shared memory that loading takes: a key's expanded digit, its packed bytes, and counters. */
const stagingPolynomials = (primes: number): number => 3 * primes + 1

export interface LayoutOptions {
  readonly threads: number
  /** Weights that do not fit below it are streamed; the layout is longer only where even that is not enough. */
  readonly limitBytes?: number
  /** What is to be done to inputs that come as values; nothing unless told. */
  readonly inputs?: InputWork
}

export type InputWork = 'encrypt' | 'encode'

/**
 * Addresses, in bytes, of all that the kernels hold of a plan at once: tables of each prime, keys, weights and registers. With
 * `limitBytes`, weights that do not fit are left to be streamed.
 */
export function layOut(
  plan: Pick<Plan, 'parameters' | 'weights' | 'instructions' | 'expansions'>,
  needs: Requirements,
  { threads, limitBytes = Infinity, inputs }: LayoutOptions,
): MemoryLayout {
  const n = plan.parameters.polyModulusDegree
  const dataPrimes = dataPrimesOf(plan.parameters)
  const polynomial = 8 * n
  const all = allPrimesOf(plan.parameters).map(BigInt)
  let end = FIRST_ADDRESS
  const place = (bytes: number): number => {
    const address = end
    end = aligned(address + bytes)
    return address
  }
  const conversions = new Map<string, ConversionRoom>()
  const keyRoom = (dataPrimes: number, rotation: boolean): KeyRoom => {
    const form = keyFormOf(plan.parameters, dataPrimes)
    for (let primes = 1; primes <= dataPrimes; primes++) {
      const name = conversionName(form, primes)
      if (!conversions.has(name)) {
        conversions.set(name, { address: place(conversionBytes(primes, form)), primes, form })
      }
    }
    const digits = Math.ceil(dataPrimes / form.digitPrimes)
    const chain = keyChainOf(plan.parameters, dataPrimes).map((index) => all[index])
    return {
      key: place(2 * digits * packedPartBytes(n, chain) + OVERREAD_BYTES),
      ...{ dataPrimes, form },
      permutation: rotation ? place(4 * n) : 0,
    }
  }
  const scratchBytes = SCRATCH_HEAD_BYTES + (dataPrimes + 1) * polynomial
  const ring: RingPlace = {
    ...{ address: place(ringBytes(needs.tableWords)), tableWords: needs.tableWords, threads, n },
    ...{ primeTable: place(primeTableBytes(n, all.length)), special: dataPrimes },
    keyPrimes: all.length - dataPrimes - 1,
    ...{ scratch: place(threads * scratchBytes), scratchBytes },
  }
  const fixed = {
    ring,
    shared: place(Math.max(needs.sharedPolynomials, stagingPolynomials(all.length)) * polynomial),
    input:
      inputs !== undefined || hasMasks(plan)
        ? {
            tables: place(2 * polynomial),
            publicKey: inputs === 'encrypt' ? place(2 * (dataPrimes + 1) * polynomial) : 0,
          }
        : undefined,
    relinearisation: needs.relinearisePrimes > 0 ? keyRoom(needs.relinearisePrimes, false) : undefined,
    rotations: new Map([...needs.rotationPrimes].map(([steps, primes]) => [steps, keyRoom(primes, true)])),
    conversions,
    values: place(needs.valueBytes),
    valueBytes: needs.valueBytes,
  }
  const sizes = plan.weights.map(({ primes }) => aligned(2 * packedPartBytes(n, all.slice(0, primes)) + OVERREAD_BYTES))
  const { end: bytes, ...places } = placeWeights(plan, sizes, end, limitBytes)
  return { ...fixed, ...places, bytes }
}

const hasMasks = ({ expansions = [] }: Pick<Plan, 'expansions'>): boolean =>
  expansions.some(({ instructions }) => instructions.some(({ op }) => op === 'mask-sum'))

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
