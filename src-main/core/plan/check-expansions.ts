import { isSameScale } from './level-evaluator.ts'
import { dataPrimesOf, type Expansion, type InputLevel, type Plan, type Register, type WeightIndex } from './plan.ts'
import { faultOf, operandsOf, primesLeft, scaleLeft } from './instruction-table.ts'

/** What expanded weights of a plan may take in memory, at 5 bytes for each residue. */
export const maxExpandedBytes = 3 * 2 ** 30
const bytesOfPrime = 5

/** What a load program's weights take in memory. */
export const expandedBytes = (
  { parameters, weights }: Pick<Plan, 'parameters' | 'weights'>,
  { results }: Pick<Expansion, 'results'>,
): number =>
  results.reduce(
    (sum, { weight }) => sum + 2 * bytesOfPrime * (weights.at(weight)?.primes ?? 0) * parameters.polyModulusDegree,
    0,
  )

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
      const level = written.get(register)
      if (level === undefined || register === 0) return refuse('expands a weight that it does not compute')
      if (made.has(weight)) refuse('expands a weight twice')
      made.add(weight)
      const { primes, scale } = level
      if (slot.primes !== primes || !isSameScale(slot.scale, scale)) refuse('expands a weight at another level')
    }
    bytes += expandedBytes(plan, expansion)
    if (new Set(expansion.results.map(({ register }) => register)).size !== expansion.results.length)
      refuse('expands two weights into one')
  }
  if (bytes > maxExpandedBytes) refuse('expands weights beyond the memory there is')
}

/** The level of each register. */
function writtenBy(
  { input, instructions }: Expansion,
  plan: Plan,
  refuse: (reason: string) => never,
): Map<Register, InputLevel> {
  const written = new Map<Register, InputLevel>([[0, input]])
  for (const instruction of instructions) {
    const levels = operandsOf(instruction).map((register) => written.get(register))
    if (levels.includes(undefined)) refuse('reads a register before it is written')
    if (written.has(instruction.out)) refuse('writes a register twice')
    const primes = Math.min(...levels.map((level) => level?.primes ?? 0))
    const lastPrime = Number(plan.parameters.primes[primes - 1])
    const scale = scaleLeft(instruction, levels[0]?.scale ?? 0, lastPrime)
    written.set(instruction.out, { primes: primesLeft(instruction, primes), scale })
    if (primes < 1) refuse('has no prime left')
    const fault = faultOf(instruction, plan)
    if (fault !== undefined) refuse(fault)
  }
  return written
}
