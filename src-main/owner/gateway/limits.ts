/** At most so many answers in each minute, on average and at once. */
export class RateLimit {
  readonly #perMinute: number
  readonly #now: () => number
  readonly #buckets = new Map<string, { level: number; atMs: number }>()

  /** The clock must be monotonic, so that setting the wall clock opens nothing. */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute
    this.#now = now
  }

  /** Takes one from the name's allowance; false where none is left. */
  take(name: string): boolean {
    const nowMs = this.#now()
    const bucket = this.#buckets.get(name) ?? { level: this.#perMinute, atMs: nowMs }
    const refilled = Math.min(this.#perMinute, bucket.level + ((nowMs - bucket.atMs) / 60_000) * this.#perMinute)
    const taken = refilled >= 1
    this.#buckets.set(name, { level: taken ? refilled - 1 : refilled, atMs: nowMs })
    return taken
  }
}
