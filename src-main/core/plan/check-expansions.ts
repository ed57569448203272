import { isSameScale } from './level-evaluator.ts'
import { dataPrimesOf, type Expansion, type Plan, type Register, type WeightIndex } from './plan.ts'
import { faultOf, operandsOf, primesLeft } from './instruction-table.ts'

/** What expanded weights may take in memory, at 5 bytes for each residue. */
const maxExpandedBytes = 3 * 2 ** 30
const bytesOfPrime = 5

/**
 * Refuses load programs that read what is not there, make what the plan does not want, or would fill the memory; being
 * lists of instructions, they end. Levels and scales are the rehearsal's. `refuse` throws.
 */
export function checkExpansions(plan: Plan, refuse: (reason: string) => never): void {
  const made = new Set<WeightIndex>()
  let bytes = 0
  for (const expansion of plan.expansions ?? []) {
    if (expansion.input.primes > dataPrimesOf(plan.parameters)) refuse('expands a weight above the modulus chain')
    const written = writtenBy(expansion, plan, refuse)
    for (const { weight, register } of expansion.results) {
      const slot = plan.weights.at(weight)
      if (!slot) return refuse('expands a weight that does not exist')
      const primes = written.get(register)
      if (primes === undefined || register === 0) return refuse('expands a weight that it does not compute')
      if (made.has(weight)) refuse('expands a weight twice')
      made.add(weight)
      const { scale } = expansion.input
      if (slot.primes !== primes || !isSameScale(slot.scale, scale)) refuse('expands a weight at another level')
      bytes += 2 * bytesOfPrime * primes * plan.parameters.polyModulusDegree
    }
    if (new Set(expansion.results.map(({ register }) => register)).size !== expansion.results.length)
      refuse('expands two weights into one')
  }
  if (bytes > maxExpandedBytes) refuse('expands weights beyond the memory there is')
}

/** By register, the primes that are left in it. */
function writtenBy(
  { input, instructions }: Expansion,
  plan: Plan,
  refuse: (reason: string) => never,
): Map<Register, number> {
  const written = new Map<Register, number>([[0, input.primes]])
  for (const instruction of instructions) {
    const levels = operandsOf(instruction).map((register) => written.get(register))
    if (levels.includes(undefined)) refuse('reads a register before it is written')
    if (written.has(instruction.out)) refuse('writes a register twice')
    const primes = Math.min(...levels.map((level = 0) => level))
    written.set(instruction.out, primesLeft(instruction, primes))
    const fault = faultOf(instruction, plan)
    if (fault !== undefined) refuse(fault)
  }
  return written
}
