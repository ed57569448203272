import { renamed } from '../plan/instruction-table.ts'
import type { Instruction, Plan, PlannedNetwork, Register } from '../plan/plan.ts'
import { turn } from '../plan/turned-inputs.ts'

/**
 * Whoever packs a clear input can rotate it as well: rotations of the plan's inputs become inputs of their own,
 * which cost neither a key switch nor a key.
 */
export function turnClearInputs(network: PlannedNetwork): PlannedNetwork {
  const { plan } = network
  if (plan.input.mode === 'encrypted') return network
  const sources = [...plan.input.sources]
  const inputs = sources.length
  const turned = new Map<Register, Register>()
  const kept: Instruction[] = []
  /** Instructions kept before each one. */
  const keptBefore = [0]
  for (const instruction of plan.instructions) {
    if (instruction.op === 'rotate' && instruction.in < inputs) {
      turned.set(instruction.out, sources.length)
      sources.push(turn(sources[instruction.in], instruction.steps))
    } else kept.push(instruction)
    keptBefore.push(kept.length)
  }
  const moved = (register: Register): Register =>
    turned.get(register) ?? (register < inputs ? register : register + sources.length - inputs)
  const lifted: Plan = {
    ...plan,
    input: { ...plan.input, sources },
    instructions: kept.map((instruction) => renamed(instruction, moved)),
    layers: plan.layers.map((layer) => ({
      ...layer,
      first: keptBefore[layer.first],
      end: keptBefore[layer.end],
      result: layer.result.map(moved),
    })),
    output: { ...plan.output, registers: plan.output.registers.map(moved) },
  }
  return { ...network, plan: lifted }
}
