import { InternalError } from '../core/errors.ts'
import type { Kernels, StageKernel } from './wasm.ts'

/** Stages in the order of their codes. */
const stages = [
  ...(['productSum', 'add', 'dropPrimes', 'lastRemainder', 'divideByLast'] as const),
  ...(['decompose', 'raise', 'specialSum', 'mixRadix', 'applyKeys'] as const),
  ...(['expand', 'redraw', 'pack'] as const),
  ...(['prepare', 'takeRemainder', 'encrypt', 'embed'] as const),
]
export type Stage = (typeof stages)[number]

/** One stage of an operation: `tasks` independent calls of a kernel; see assembly/command.ts for the fields. */
export interface Command {
  readonly stage: Stage
  readonly tasks: number
  readonly primes: number
  readonly target?: number
  readonly source?: number
  readonly other?: number
  readonly parts?: number
  readonly otherParts?: number
  readonly count?: number
  readonly digits?: number
  readonly packed?: boolean
  /** Of keys: data primes of a digit, special primes, and where the constants of their conversions are. */
  readonly digitPrimes?: number
  readonly specialPrimes?: number
  readonly conversion?: number
  /** u32 words that follow the command. */
  readonly table?: readonly number[]
}

/** Takes commands in order; each sees the results of those before it. */
export interface CommandSink {
  submit(command: Command): void
  /** Returns when every submitted command is done. */
  finish(): void
}

const SLOTS = 16
const COMMAND_WORDS = 20
/** Words of the ring's head: commands published, closed, failed, then each thread's commands passed. */
const [PUBLISHED, CLOSED, FAILED, PASSED] = [0, 1, 2, 3]
const HEAD_WORDS = 64
export const MAX_THREADS = HEAD_WORDS - PASSED
/** Words of a command that threads count in. */
const [TASKS, NEXT, DONE] = [1, 2, 3]
const SPINS = 4000
const WAIT_MS = 200

export interface RingPlace {
  readonly address: number
  /** Longest table, in words. */
  readonly tableWords: number
  readonly threads: number
  readonly n: number
  readonly primeTable: number
  /** Index of the special prime; the key primes follow it. */
  readonly special: number
  readonly keyPrimes: number
  /** Each thread's own memory: thread t's is at scratch + t·scratchBytes. */
  readonly scratch: number
  readonly scratchBytes: number
}

/** Of shared memory that a ring takes whose commands have tables of up to `tableWords` 32-bit words. */
export const ringBytes = (tableWords: number): number => 4 * (HEAD_WORDS + SLOTS * (COMMAND_WORDS + tableWords))

/**
 * Commands in shared memory, worked on by every thread that holds a ring of the same place. Threads claim
 * tasks by counting; a command is a barrier. Thread 0 submits and works too, so one thread needs no other.
 */
export class CommandRing implements CommandSink {
  readonly #place: RingPlace
  readonly #words: Int32Array
  readonly #kernels: readonly StageKernel[]
  readonly #thread: number
  #passed = 0

  constructor(memory: WebAssembly.Memory, kernels: Kernels, place: RingPlace, thread: number) {
    this.#place = place
    this.#words = new Int32Array(memory.buffer, place.address, ringBytes(place.tableWords) / 4)
    this.#kernels = stages.map((stage) => kernels[stage])
    this.#thread = thread
  }

  submit(command: Command): void {
    const { n, primeTable, special, keyPrimes, threads } = this.#place
    const published = this.#words[PUBLISHED]
    for (let thread = 0; thread < threads; thread++) {
      while (published - this.#passedBy(thread) >= SLOTS) this.#passOne()
    }
    const { tasks, primes, target = 0, source = 0, other = 0, parts = 0, otherParts = 0 } = command
    const { count = 0, digits = 0, packed = false, table = [] } = command
    const { digitPrimes = 1, specialPrimes = 1, conversion = 0 } = command
    const slot = this.#slot(published)
    const fields = [
      n,
      primes,
      target,
      source,
      other,
      parts,
      otherParts,
      count,
      digits,
      primeTable,
      special,
      packed ? 1 : 0,
      keyPrimes,
      digitPrimes,
      specialPrimes,
      conversion,
    ]
    this.#words.set([stages.indexOf(command.stage), tasks, 0, 0, ...fields], slot)
    this.#words.set(table, slot + COMMAND_WORDS)
    Atomics.store(this.#words, PUBLISHED, published + 1)
    if (threads > 1) Atomics.notify(this.#words, PUBLISHED)
  }

  finish(): void {
    while (this.#passed < this.#words[PUBLISHED]) this.#passOne()
    if (Atomics.load(this.#words, FAILED) !== 0) throw new InternalError('kernels: a thread failed')
  }

  /** A worker's life: works until the ring is closed. */
  serve(): void {
    while (this.#waitFor(PUBLISHED, (published) => published > this.#passed)) this.#passOne()
  }

  close(): void {
    Atomics.store(this.#words, CLOSED, 1)
    Atomics.notify(this.#words, PUBLISHED)
  }

  #passedBy(thread: number): number {
    return Atomics.load(this.#words, PASSED + thread)
  }

  #slot(position: number): number {
    return HEAD_WORDS + (position % SLOTS) * (COMMAND_WORDS + this.#place.tableWords)
  }

  /** Works on the next command until it is done by all; nothing if all published ones are done. */
  #passOne(): void {
    if (this.#passed === this.#words[PUBLISHED]) {
      if (Atomics.load(this.#words, FAILED) !== 0) throw new InternalError('kernels: a thread failed')
      return
    }
    const { address, scratch, scratchBytes } = this.#place
    const slot = this.#slot(this.#passed)
    const kernel = this.#kernels[this.#words[slot]]
    const tasks = this.#words[slot + TASKS]
    for (;;) {
      const task = Atomics.add(this.#words, slot + NEXT, 1)
      if (task >= tasks) break
      try {
        kernel(address + 4 * slot, task, scratch + this.#thread * scratchBytes)
      } catch (error) {
        Atomics.store(this.#words, FAILED, 1)
        throw error
      }
      if (Atomics.add(this.#words, slot + DONE, 1) + 1 === tasks) Atomics.notify(this.#words, slot + DONE)
    }
    this.#waitFor(slot + DONE, (done) => done >= tasks)
    this.#passed += 1
    Atomics.store(this.#words, PASSED + this.#thread, this.#passed)
  }

  /** Spins, then sleeps, until the word satisfies the condition; false once the ring is closed or broken. */
  #waitFor(word: number, condition: (value: number) => boolean): boolean {
    for (let spins = 0; ; spins++) {
      const value = Atomics.load(this.#words, word)
      if (condition(value)) return true
      if (Atomics.load(this.#words, CLOSED) !== 0 || Atomics.load(this.#words, FAILED) !== 0) return false
      if (spins > SPINS) Atomics.wait(this.#words, word, value, WAIT_MS)
    }
  }
}
