import type { Evaluator } from './evaluator.ts'
import { slotsOf, type Plan, type WeightIndex, type WeightVectors } from './plan.ts'

/**
 * Runs a plan on slot vectors in double precision: the reference for what the edge computes on ciphertexts. Within an
 * expansion slots are complex: a vector is twice as long, real parts first.
 */
export class ClearEvaluator implements Evaluator<Float64Array> {
  readonly #slots: number
  readonly #weightVectors: WeightVectors

  constructor(plan: Plan, weightVectors: WeightVectors) {
    this.#slots = slotsOf(plan.parameters)
    this.#weightVectors = weightVectors
  }

  multiplySum(values: readonly Float64Array[], weights: readonly WeightIndex[]): Float64Array {
    const sum = new Float64Array(this.#slots)
    values.forEach((value, k) => {
      const weight = this.#weightVectors(weights[k])
      for (let s = 0; s < sum.length; s++) sum[s] += value[s] * weight[s]
    })
    return sum
  }

  square(value: Float64Array): Float64Array {
    return value.map((x) => x * x)
  }

  relinearise(value: Float64Array): Float64Array {
    return value.slice()
  }

  rescale(value: Float64Array): Float64Array {
    return value.slice()
  }

  rotate(value: Float64Array, steps: number): Float64Array {
    const rotated = new Float64Array(value.length)
    for (let plane = 0; plane < value.length; plane += this.#slots) {
      rotated.set(value.subarray(plane + steps, plane + this.#slots), plane)
      rotated.set(value.subarray(plane, plane + steps), plane + this.#slots - steps)
    }
    return rotated
  }

  add(left: Float64Array, right: Float64Array): Float64Array {
    return left.map((x, s) => x + right[s])
  }

  addWeight(value: Float64Array, weight: WeightIndex): Float64Array {
    return this.add(value, this.#weightVectors(weight))
  }

  modSwitch(value: Float64Array): Float64Array {
    return value.slice()
  }

  monomialSum(values: readonly Float64Array[], exponents: readonly number[]): Float64Array {
    const slots = this.#slots
    const sum = new Float64Array(2 * slots)
    values.forEach((value, k) => {
      const isReal = value.length === slots
      monomialSlots(slots, exponents[k], (slot, cosine, sine) => {
        const [re, im] = [value[slot], isReal ? 0 : value[slots + slot]]
        sum[slot] += re * cosine - im * sine
        sum[slots + slot] += re * sine + im * cosine
      })
    })
    return sum
  }

  maskSum(values: readonly Float64Array[], masks: readonly Int32Array[]): Float64Array {
    const sum = new Float64Array(values[0].length)
    values.forEach((value, k) => {
      for (const slot of masks[k]) {
        for (let plane = 0; plane < value.length; plane += this.#slots) sum[plane + slot] += value[plane + slot]
      }
    })
    return sum
  }

  release(): void {}
}

/** The slots of X^exponent: slot s is the evaluation at exp(iπ·3^s / N), N = 2·slots. */
export function monomialSlots(
  slots: number,
  exponent: number,
  visit: (slot: number, cosine: number, sine: number) => void,
): void {
  let power = 1
  for (let slot = 0; slot < slots; slot++) {
    const angle = (Math.PI * ((power * exponent) % (4 * slots))) / (2 * slots)
    visit(slot, Math.cos(angle), Math.sin(angle))
    power = (power * 3) % (4 * slots)
  }
}
