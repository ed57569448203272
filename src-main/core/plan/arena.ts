import { InternalError } from '../errors.ts'

interface Gap {
  start: number
  length: number
}

/**
 * First-fit allocation in [start, start + capacity) with merging of freed neighbours. The same takes and gives always
 * return the same places, so a rehearsal of a plan tells exactly how much its run needs.
 */
export class Arena {
  readonly #gaps: Gap[]
  readonly #lengths = new Map<number, number>()
  #peak = 0

  constructor(capacity = Infinity, start = 0) {
    this.#gaps = [{ start, length: capacity }]
  }

  /** End of the highest place ever taken. */
  get peak(): number {
    return this.#peak
  }

  take(length: number): number {
    const index = this.#gaps.findIndex((gap) => gap.length >= length)
    if (index < 0) throw new InternalError('kernels: the arena is smaller than the plan needs')
    const gap = this.#gaps[index]
    const start = gap.start
    gap.start += length
    gap.length -= length
    if (gap.length === 0) this.#gaps.splice(index, 1)
    this.#lengths.set(start, length)
    this.#peak = Math.max(this.#peak, start + length)
    return start
  }

  give(start: number): void {
    const length = this.#lengths.get(start)
    if (length === undefined) throw new InternalError('kernels: a value is released twice')
    this.#lengths.delete(start)
    const after = this.#gaps.findIndex((gap) => gap.start > start)
    const index = after < 0 ? this.#gaps.length : after
    this.#gaps.splice(index, 0, { start, length })
    this.#mergeWithNext(index)
    if (index > 0) this.#mergeWithNext(index - 1)
  }

  #mergeWithNext(index: number): void {
    const [gap, next] = [this.#gaps[index], this.#gaps[index + 1]]
    if (next === undefined || gap.start + gap.length !== next.start) return
    gap.length += next.length
    this.#gaps.splice(index + 1, 1)
  }
}
