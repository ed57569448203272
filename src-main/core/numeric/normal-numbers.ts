/** Standard normal numbers by Box and Muller's method, from uniforms in (0, 1]. */
export const gaussian = (uniform: () => number): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

const POOL = 2 ** 17

/** Many standard normal numbers for simulations, predictable and fast: windows at random places of numbers drawn once. */
export class NormalNumbers {
  readonly #pool: Float64Array
  #state: number

  constructor(seed: number) {
    this.#state = seed
    this.#pool = Float64Array.from({ length: POOL }, () => gaussian(() => this.#uniform()))
  }

  /** Not to be changed. */
  next(length: number): Float64Array {
    const first = Math.floor(this.#uniform() * (POOL - length))
    return this.#pool.subarray(first, first + length)
  }

  /** Mulberry32. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 1) / 2 ** 32
  }
}
