import { present } from '../../core/must.ts'
/** Jobs whose refreshed inputs are remembered: a job lives for an hour at most. */
const most = 50_000

/** Hashes of the ciphertexts that the owner encrypted for jobs' segments, the latest of them. */
export class RefreshedInputs {
  readonly #hashes = new Map<string, readonly string[]>()

  add(job: string, segment: number, hashes: readonly string[]): void {
    const key = `${job} ${segment}`
    this.#hashes.delete(key)
    this.#hashes.set(key, hashes)
    if (this.#hashes.size > most) this.#hashes.delete(present(this.#hashes.keys().next().value))
  }

  get(job: string, segment: number): readonly string[] | undefined {
    return this.#hashes.get(`${job} ${segment}`)
  }
}
