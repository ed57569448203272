import type { ExpandedWeight, Expansion, InputLevel, Instruction, Register, WeightIndex } from '../plan/plan.ts'

export interface PackedWeights {
  /** In their order in the ciphertext, at least two and at most 2^steps.length. */
  readonly weights: readonly WeightIndex[]
  readonly level: InputLevel
  /** steps[i] is an odd multiple of slots / 2^(i+1). */
  readonly steps: readonly number[]
  readonly polyModulusDegree: number
}

/**
 * The load program that takes n = 2^steps.length vectors, each periodic with slots / n, out of one ciphertext that holds
 * Σ Xᵗ·pₜ(Xⁿ) / `doublings`. A rotation by an odd multiple of slots / 2^(i+1) maps X to X^(1 + odd·N/2^i): it fixes Xⁿ and negates the
 * odd multiples of X^(2^i). So c + σ(c) keeps twice the vectors whose number has bit i clear, and X^(−2^i)·(c − σ(c)) the
 * others; where there are no others, nothing need be done. One rotation for each pair, depth first: at most two values for
 * each bit live at once.
 */
export function expansionTree({ weights, level, steps, polyModulusDegree: n }: PackedWeights): Expansion {
  const instructions: Instruction[] = []
  const results = new Array<ExpandedWeight>(weights.length)
  let next: Register = 1
  const emit = (instruction: Instruction): Register => {
    instructions.push(instruction)
    next += 1
    return instruction.out
  }
  const split = (value: Register, bit: number, first: number): void => {
    if (bit === steps.length) {
      results[first] = { weight: weights[first], register: value }
      return
    }
    const unit = 2 ** bit
    if (first + unit >= weights.length) {
      split(value, bit + 1, first)
      return
    }
    const turned = emit({ op: 'rotate', out: next, in: value, steps: steps[bit] })
    const even = emit({ op: 'add', out: next, in: [value, turned] })
    // −1 is X^N.
    const exponents = [2 * n - unit, n - unit]
    const odd = emit({ op: 'monomial-sum', out: next, values: [value, turned], exponents })
    split(even, bit + 1, first)
    split(odd, bit + 1, first + unit)
  }
  split(0, 0, 0)
  return { input: level, instructions, results }
}

/** By how much the load program multiplies the vector with this number of so many. */
export function doublings(index: number, count: number): number {
  let product = 1
  let first = 0
  for (let unit = 1; unit < count; unit *= 2) {
    if (first + unit < count) product *= 2
    if (index & unit) first += unit
  }
  return product
}
