import type { Evaluator } from './evaluator.ts'
import { slotsOf, type Plan, type WeightIndex, type WeightVectors } from './plan.ts'

/** Runs a plan on slot vectors in double precision: the reference for what the edge computes on ciphertexts. */
export class ClearEvaluator implements Evaluator<Float64Array> {
  private readonly slots: number
  private readonly weightVectors: WeightVectors

  constructor(plan: Plan, weightVectors: WeightVectors) {
    this.slots = slotsOf(plan.parameters)
    this.weightVectors = weightVectors
  }

  multiplySum(values: readonly Float64Array[], weights: readonly WeightIndex[]): Float64Array {
    const sum = new Float64Array(this.slots)
    values.forEach((value, k) => {
      const weight = this.weightVectors(weights[k])
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
    const rotated = new Float64Array(this.slots)
    rotated.set(value.subarray(steps))
    rotated.set(value.subarray(0, steps), this.slots - steps)
    return rotated
  }

  add(left: Float64Array, right: Float64Array): Float64Array {
    return left.map((x, s) => x + right[s])
  }

  addWeight(value: Float64Array, weight: WeightIndex): Float64Array {
    return this.add(value, this.weightVectors(weight))
  }

  modSwitch(value: Float64Array): Float64Array {
    return value.slice()
  }

  release(): void {}
}
