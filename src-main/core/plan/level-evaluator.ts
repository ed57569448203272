import { invariant } from '../errors.ts'
import type { Evaluator } from './evaluator.ts'
import { inputLevel, type Plan, type Register, type WeightIndex } from './plan.ts'

/** What is known of a ciphertext without its contents. `parts` is 1 for a plaintext. */
export interface Level {
  readonly primes: number
  readonly scale: number
  readonly parts: 1 | 2 | 3
}

/** Equal up to floating-point rounding. */
export const isSameScale = (left: number, right: number): boolean => Math.abs(left / right - 1) < 1e-9

/** Primitives that cost time; `weight` distinguishes ciphertext from plaintext operands. */
export type Primitive = 'multiply' | 'multiply-plain' | 'square' | 'relinearise' | 'rescale' | 'rotate' | 'add'

export type CountListener = (primitive: Primitive, primes: number) => void

/**
 * Runs a plan on (primes, scale) pairs: proves that operands match, that no level is missing, and counts
 * every primitive with the number of primes it works on. A failure is our bug, found before any key is made.
 */
export class LevelEvaluator implements Evaluator<Level> {
  readonly #plan: Plan
  readonly #primeValues: readonly number[]
  readonly #count: CountListener

  constructor(plan: Plan, count: CountListener = () => {}) {
    this.#plan = plan
    this.#primeValues = plan.parameters.primes.map(Number)
    this.#count = count
  }

  input(register: Register): Level {
    const { primes, scale } = inputLevel(this.#plan, register)
    return { primes, scale, parts: this.#plan.input.mode === 'plain' ? 1 : 2 }
  }

  multiplySum(values: readonly Level[], weights: readonly WeightIndex[]): Level {
    invariant(values.length > 0 && values.length === weights.length, 'multiply-sum: one weight per value')
    const products = values.map((value, k): Level => {
      const weight = this.#plan.weights[weights[k]]
      invariant(value.parts < 3, 'multiply-sum: values must be relinearised')
      invariant(weight.primes === value.primes, `multiply-sum: weight ${weights[k]} is at another level`)
      this.#count(value.parts === 1 ? 'multiply-plain' : 'multiply', value.primes)
      return { primes: value.primes, scale: value.scale * weight.scale, parts: value.parts === 1 ? 2 : 3 }
    })
    products.forEach((product) => this.#checkMatch(products[0], product))
    this.#checkRoom(products[0])
    return products[0]
  }

  square(value: Level): Level {
    invariant(value.parts === 2, 'square: the operand must be relinearised')
    this.#count('square', value.primes)
    const squared: Level = { primes: value.primes, scale: value.scale * value.scale, parts: 3 }
    this.#checkRoom(squared)
    return squared
  }

  relinearise(value: Level): Level {
    invariant(value.parts === 3, 'relinearise: nothing to relinearise')
    this.#count('relinearise', value.primes)
    return { ...value, parts: 2 }
  }

  rescale(value: Level): Level {
    invariant(value.parts === 2, 'rescale: relinearise first, the error is a hundred times smaller')
    invariant(value.primes > 1, 'rescale: no prime left')
    this.#count('rescale', value.primes)
    return { ...value, primes: value.primes - 1, scale: value.scale / this.#primeValues[value.primes - 1] }
  }

  rotate(value: Level, steps: number): Level {
    invariant(value.parts === 2, 'rotate: the operand must be relinearised')
    invariant(Number.isInteger(steps) && steps > 0, 'rotate: steps must be a positive whole number')
    this.#count('rotate', value.primes)
    return value
  }

  add(left: Level, right: Level): Level {
    this.#checkMatch(left, right)
    this.#count('add', left.primes)
    return { ...left, parts: left.parts > right.parts ? left.parts : right.parts }
  }

  addWeight(value: Level, weight: WeightIndex): Level {
    const { primes, scale } = this.#plan.weights[weight]
    return this.add(value, { primes, scale, parts: 2 })
  }

  modSwitch(value: Level, primes: number): Level {
    invariant(primes >= 1 && primes <= value.primes, 'mod-switch: only downwards')
    return { ...value, primes }
  }

  monomialSum(values: readonly Level[], exponents: readonly number[]): Level {
    invariant(values.length > 0 && values.length === exponents.length, 'monomial-sum: one exponent per value')
    for (const value of values) {
      invariant(value.parts === 2, 'monomial-sum: values must be relinearised')
      this.#checkMatch(values[0], value)
      this.#count('multiply-plain', value.primes)
    }
    return values[0]
  }

  maskSum(values: readonly Level[], masks: readonly Int32Array[], scale: number): Level {
    invariant(values.length > 0 && values.length === masks.length, 'mask-sum: one mask per value')
    for (const value of values) {
      invariant(value.parts === 2, 'mask-sum: values must be relinearised')
      this.#checkMatch(values[0], value)
      this.#count('multiply-plain', value.primes)
    }
    const product = { ...values[0], scale: values[0].scale * scale }
    this.#checkRoom(product)
    return product
  }

  release(_value: Level): void {}

  #checkMatch(left: Level, right: Level): void {
    invariant(
      left.primes === right.primes,
      `operands are at different levels: ${left.primes} and ${right.primes} primes`,
    )
    invariant(isSameScale(left.scale, right.scale), `operands have different scales, ratio ${left.scale / right.scale}`)
  }

  /** SEAL refuses a scale at or above the modulus; the value needs room above the scale besides. */
  #checkRoom(value: Level): void {
    let modulusBits = 0
    for (let i = 0; i < value.primes; i++) modulusBits += Math.log2(this.#primeValues[i])
    invariant(Math.log2(value.scale) < modulusBits - 1, 'the scale does not fit the modulus that is left')
  }
}
