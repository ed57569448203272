import type { ExpandedWeight, Expansion, InputLevel, Instruction, Register, WeightIndex } from '../plan/plan.ts'

export interface PackedWeights {
  /** In their order in the ciphertext, at most 2^steps.length. */
  readonly weights: readonly WeightIndex[]
  readonly level: InputLevel
  /** steps[i] is an odd multiple of slots / 2^(i+1). */
  readonly steps: readonly number[]
  readonly polyModulusDegree: number
}

/**
 * The load program that takes n = 2^steps.length vectors, each periodic with slots / n, out of one ciphertext that holds
 * Σ Xᵗ·pₜ(Xⁿ) / n. A rotation by an odd multiple of slots / 2^(i+1) maps X to X^(1 + odd·N/2^i): it fixes Xⁿ and negates the
 * odd multiples of X^(2^i). So c + σ(c) keeps twice the vectors whose number has bit i clear, and X^(−2^i)·(c − σ(c)) the
 * others. One rotation for each pair, depth first: at most two values for each bit live at once.
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
    const turned = emit({ op: 'rotate', out: next, in: value, steps: steps[bit] })
    const unit = 2 ** bit
    const hasOdd = first + unit < weights.length
    const even = emit({ op: 'add', out: next, in: [value, turned] })
    // −1 is X^N.
    const exponents = [2 * n - unit, n - unit]
    const odd = hasOdd ? emit({ op: 'monomial-sum', out: next, values: [value, turned], exponents }) : undefined
    split(even, bit + 1, first)
    if (odd !== undefined) split(odd, bit + 1, first + unit)
  }
  split(0, 0, 0)
  return { input: level, instructions, results }
}
