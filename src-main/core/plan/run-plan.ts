import { invariant } from '../errors.ts'
import type { Evaluator, RunObserver } from './evaluator.ts'
import { execute, operandsOf } from './instruction-table.ts'
import type { Plan, Register } from './plan.ts'
import { rotationGroups } from './rotation-groups.ts'

/**
 * Executes a plan. `inputs[i]` becomes register i. Every intermediate is released after its last use, on
 * failure too; inputs stay the caller's, and so do the returned output registers.
 */
export function runPlan<V>(
  plan: Plan,
  evaluator: Evaluator<V>,
  inputs: readonly V[],
  observer: RunObserver<V> = {},
): V[] {
  invariant(inputs.length === plan.input.sources.length, 'runPlan: one value per input ciphertext')
  const registers = new Map<Register, V>(inputs.map((value, register) => [register, value]))
  const owned = new Set<Register>()
  const lastUses = lastUsesOf(plan)
  const groups = evaluator.rotateMany ? rotationGroups(plan.instructions) : undefined
  const read = (register: Register): V => {
    const value = registers.get(register)
    invariant(value !== undefined, `runPlan: register ${register} is read before it is written`)
    return value
  }
  const write = (register: Register, value: V): void => {
    registers.set(register, value)
    owned.add(register)
  }
  let nextLayer = 0
  try {
    plan.instructions.forEach((instruction, index) => {
      observer.beforeInstruction?.(index)
      const { out } = instruction
      if (!registers.has(out)) {
        const group = groups?.get(index)
        const steps = group?.rotations.map((rotation) => rotation.steps)
        const results = group && steps && evaluator.rotateMany?.(read(group.in), steps)
        if (results) results.forEach((value, i) => write(group.rotations[i].out, value))
        else write(out, execute(evaluator, instruction, read))
      }
      const result = read(out)
      observer.afterInstruction?.(index, result)
      while (nextLayer < plan.layers.length && plan.layers[nextLayer].end === index + 1) {
        observer.layerDone?.(nextLayer, plan.layers[nextLayer].result.map(read))
        nextLayer += 1
      }
      for (const register of lastUses[index]) {
        if (owned.delete(register)) evaluator.release(read(register))
        registers.delete(register)
      }
    })
    const outputs = plan.output.registers.map(read)
    plan.output.registers.forEach((register) => owned.delete(register))
    return outputs
  } finally {
    for (const register of owned) evaluator.release(read(register))
  }
}

/** For each instruction, the registers that nothing reads after it; layer results live to their layer's end. */
function lastUsesOf(plan: Plan): Register[][] {
  const last = new Map<Register, number>()
  plan.instructions.forEach((instruction, index) => {
    last.set(instruction.out, index)
    for (const register of operandsOf(instruction)) last.set(register, index)
  })
  for (const layer of plan.layers) {
    for (const register of layer.result) last.set(register, Math.max(last.get(register) ?? 0, layer.end - 1))
  }
  for (const register of plan.output.registers) last.delete(register)
  const byInstruction: Register[][] = plan.instructions.map(() => [])
  for (const [register, index] of last) byInstruction[index].push(register)
  return byInstruction
}
