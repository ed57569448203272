import type { Instruction, Register } from './plan.ts'

/** Rotations of one register that stand together: they share its decomposition where an evaluator can (hoisting). */
export interface RotationGroup {
  readonly in: Register
  /** Two or more. */
  readonly rotations: readonly Extract<Instruction, { readonly op: 'rotate' }>[]
}

/** By the index of each rotation that stands in a group, that group. */
export function rotationGroups(instructions: readonly Instruction[]): ReadonlyMap<number, RotationGroup> {
  const groups = new Map<number, RotationGroup>()
  for (let first = 0, end; first < instructions.length; first = end) {
    end = first + 1
    const instruction = instructions[first]
    if (instruction.op !== 'rotate') continue
    const rotations = [instruction]
    for (; end < instructions.length; end++) {
      const next = instructions[end]
      if (next.op !== 'rotate' || next.in !== instruction.in) break
      rotations.push(next)
    }
    if (rotations.length < 2) continue
    const group = { in: instruction.in, rotations }
    for (let index = first; index < end; index++) groups.set(index, group)
  }
  return groups
}
