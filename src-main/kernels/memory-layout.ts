import { dataPrimesOf, type Plan } from '../core/plan/plan.ts'
import { ringBytes, type RingPlace } from './command-ring.ts'
import { packedPartBytes, primeTableBytes } from './prime-table.ts'
import type { Requirements } from './rehearsal.ts'

/** A key's place, cut down to the digits and primes that the plan uses. */
export interface KeyRoom {
  readonly key: number
  /** Data primes; the special one is kept besides. */
  readonly dataPrimes: number
  readonly permutation: number
}

/** Every address of a run, known before anything is loaded. */
export interface MemoryLayout {
  readonly bytes: number
  readonly ring: RingPlace
  readonly shared: number
  readonly relinearisation: KeyRoom | undefined
  /** By rotation steps. */
  readonly rotations: ReadonlyMap<number, KeyRoom>
  /** By weight index. */
  readonly weights: readonly number[]
  /** The arena of inputs and intermediates. */
  readonly values: number
  readonly valueBytes: number
}

/** Accumulators and address pairs at the head of a thread's scratch. */
const SCRATCH_HEAD_BYTES = 2 * 2048 + 16 * 64
const ALIGNMENT = 64
/** Packed values are read a little past their end. */
const OVERREAD_BYTES = 16
/** Nothing lies at address 0, which stands for none. */
const FIRST_ADDRESS = 1024

/** Shared memory that loading takes: a key's expanded digit, its packed bytes, and counters. */
const stagingPolynomials = (primes: number): number => 3 * primes + 1

export function layOut(plan: Pick<Plan, 'parameters' | 'weights'>, needs: Requirements, threads: number): MemoryLayout {
  const n = plan.parameters.polyModulusDegree
  const dataPrimes = dataPrimesOf(plan.parameters)
  const polynomial = 8 * n
  const chain = plan.parameters.primes.map(BigInt)
  let end = FIRST_ADDRESS
  const place = (bytes: number): number => {
    const address = end
    end = Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT
    return address
  }
  const keyRoom = (primes: number, rotation: boolean): KeyRoom => ({
    key: place(2 * primes * packedPartBytes(n, [...chain.slice(0, primes), chain[dataPrimes]]) + OVERREAD_BYTES),
    dataPrimes: primes,
    permutation: rotation ? place(4 * n) : 0,
  })
  const scratchBytes = SCRATCH_HEAD_BYTES + (dataPrimes + 1) * polynomial
  const ring: RingPlace = {
    ...{ address: place(ringBytes(needs.tableWords)), tableWords: needs.tableWords, threads, n },
    ...{ primeTable: place(primeTableBytes(n, dataPrimes + 1)), special: dataPrimes },
    ...{ scratch: place(threads * scratchBytes), scratchBytes },
  }
  return {
    ring,
    shared: place(Math.max(needs.sharedPolynomials, stagingPolynomials(dataPrimes + 1)) * polynomial),
    relinearisation: needs.relinearisePrimes > 0 ? keyRoom(needs.relinearisePrimes, false) : undefined,
    rotations: new Map([...needs.rotationPrimes].map(([steps, primes]) => [steps, keyRoom(primes, true)])),
    weights: plan.weights.map(({ primes }) => place(2 * packedPartBytes(n, chain.slice(0, primes)) + OVERREAD_BYTES)),
    values: place(needs.valueBytes),
    valueBytes: needs.valueBytes,
    bytes: end,
  }
}
