import { must } from '../must.ts'
import { multiplies, operandsOf } from './instruction-table.ts'
import type { Plan, Register } from './plan.ts'

/** The most multiplications in a row, by a weight, a mask or itself, between an input and a result of the plan. */
export function multiplicativeDepth({ input, instructions }: Pick<Plan, 'input' | 'instructions'>): number {
  const depths = new Map<Register, number>(input.sources.map((_, register) => [register, 0]))
  for (const instruction of instructions) {
    const before = operandsOf(instruction).map((register) => must(depths, register))
    depths.set(instruction.out, Math.max(...before) + Number(multiplies(instruction)))
  }
  return Math.max(...depths.values())
}
