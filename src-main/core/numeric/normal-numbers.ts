import { randomNumbers } from './random-numbers.ts'

/** Standard normal numbers by Box and Muller's method, from uniforms in (0, 1]. */
export const gaussian = (uniform: () => number): number =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

const POOL = 2 ** 17

/** Many standard normal numbers for simulations, predictable and fast: windows at random places of numbers drawn once. */
export class NormalNumbers {
  readonly #pool: Float64Array
  /** In (0, 1]. */
  readonly #uniform: () => number

  constructor(seed: number) {
    const random = randomNumbers(seed)
    this.#uniform = () => random() + 2 ** -32
    this.#pool = Float64Array.from({ length: POOL }, () => gaussian(this.#uniform))
  }

  /** Not to be changed. */
  next(length: number): Float64Array {
    const first = Math.floor(this.#uniform() * (POOL - length))
    return this.#pool.subarray(first, first + length)
  }
}
