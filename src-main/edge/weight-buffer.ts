import { InternalError } from '../core/errors.ts'
import { damagedBundle } from '../core/plan/damaged-bundle.ts'

/** Words at the head of the buffer; the lengths of what is in the slots follow, then the slots. */
const [SIGNAL, ROUND, SEEN, FILLED, TAKEN, STATE] = [0, 1, 2, 3, 4, 5]
const HEAD_WORDS = 16
const [OPEN, CLOSED, FAILED] = [0, 1, 2]
const STALL_MS = 120_000

export interface WeightSlots {
  readonly shared: SharedArrayBuffer
  readonly count: number
  readonly bytes: number
}

/** Shared memory for `count` weights of up to `bytes` bytes each, all empty. */
export function newSlots(count: number, bytes: number): WeightSlots {
  return { shared: new SharedArrayBuffer(4 * (HEAD_WORDS + count) + count * bytes), count, bytes }
}

/**
 * Slots through which one thread hands weights to another, in an order that both know and that the taker can begin
 * anew: a round. Either side sleeps while the other has nothing for it.
 */
class SlotsEnd {
  protected readonly words: Int32Array
  protected readonly slots: WeightSlots

  constructor(slots: WeightSlots) {
    this.slots = slots
    this.words = new Int32Array(slots.shared, 0, HEAD_WORDS + slots.count)
  }

  protected load(word: number): number {
    return Atomics.load(this.words, word)
  }

  protected store(word: number, value: number): void {
    Atomics.store(this.words, word, value)
    Atomics.notify(this.words, word)
  }

  protected slot(position: number, bytes?: number): Uint8Array {
    const index = position % this.slots.count
    const start = 4 * (HEAD_WORDS + this.slots.count) + index * this.slots.bytes
    return new Uint8Array(this.slots.shared, start, bytes ?? this.load(HEAD_WORDS + index))
  }
}

/** The filling side. */
export class WeightFiller extends SlotsEnd {
  /** Serves rounds until the taker closes; `fill` writes weight k of a round and returns its length. */
  serve(length: number, fill: (k: number, slot: Uint8Array) => number): void {
    while (this.load(STATE) === OPEN) {
      const round = this.load(ROUND)
      this.store(FILLED, 0)
      this.store(SEEN, round)
      this.#serveRound(round, length, fill)
    }
  }

  fail(): void {
    this.store(STATE, FAILED)
    Atomics.notify(this.words, FILLED)
    Atomics.notify(this.words, SEEN)
  }

  #serveRound(round: number, length: number, fill: (k: number, slot: Uint8Array) => number): void {
    for (let k = 0; ;) {
      const signal = this.load(SIGNAL)
      if (this.load(STATE) !== OPEN || this.load(ROUND) !== round) return
      if (k === length || k - this.load(TAKEN) >= this.slots.count) {
        Atomics.wait(this.words, SIGNAL, signal)
        continue
      }
      this.words[HEAD_WORDS + (k % this.slots.count)] = fill(k, this.slot(k, this.slots.bytes))
      this.store(FILLED, ++k)
    }
  }
}

/** The taking side. */
export class WeightTaker extends SlotsEnd {
  #position = 0
  #round = 0

  /** The next weight of the round; its bytes are valid until the next call. @throws UserError damaged-bundle */
  next(): Uint8Array {
    this.#signal(TAKEN, this.#position)
    this.#waitFor(SEEN, (seen) => seen === this.#round)
    this.#waitFor(FILLED, (filled) => filled > this.#position)
    return this.slot(this.#position++)
  }

  /** Begins the next round. */
  restart(): void {
    this.#position = 0
    this.store(TAKEN, 0)
    this.#signal(ROUND, ++this.#round)
  }

  close(): void {
    this.#signal(STATE, CLOSED)
  }

  #signal(word: number, value: number): void {
    Atomics.store(this.words, word, value)
    Atomics.add(this.words, SIGNAL, 1)
    Atomics.notify(this.words, SIGNAL)
  }

  #waitFor(word: number, condition: (value: number) => boolean): void {
    for (;;) {
      const value = this.load(word)
      if (this.load(STATE) === FAILED) throw damagedBundle('a weight has been changed, or cannot be read')
      if (condition(value)) return
      if (Atomics.wait(this.words, word, value, STALL_MS) === 'timed-out') {
        throw new InternalError('The thread that reads weights does not answer.')
      }
    }
  }
}
