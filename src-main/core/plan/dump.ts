import { LevelEvaluator } from './level-evaluator.ts'
import type { Instruction, Plan, Register } from './plan.ts'
import { operandsOf } from './instruction-table.ts'
import { runPlan } from './run-plan.ts'

/** One instruction, with the level and scale of what it leaves. */
export interface DumpedInstruction {
  readonly layer: string
  readonly op: Instruction['op']
  readonly out: Register
  readonly in: readonly Register[]
  /** Rotations alone. */
  readonly steps?: number
  /** Left in the result; one fewer is one level deeper. */
  readonly primes: number
  readonly scaleBits: number
  /** Of the ciphertext: 3 until it is relinearised. */
  readonly parts: 1 | 2 | 3
}

/** A plan's instructions in the order of execution, as its run on levels alone leaves them. Throws InternalError where they do not match. */
export function dumpPlan(plan: Plan): DumpedInstruction[] {
  const evaluator = new LevelEvaluator(plan)
  const inputs = plan.input.sources.map((_, register) => evaluator.input(register))
  const dumped: DumpedInstruction[] = []
  runPlan(plan, evaluator, inputs, {
    afterInstruction: (index, { primes, scale, parts }) => {
      const instruction = plan.instructions[index]
      dumped.push({
        layer: plan.layers.find(({ end }) => index < end)?.id ?? '',
        op: instruction.op,
        out: instruction.out,
        in: operandsOf(instruction),
        ...(instruction.op === 'rotate' && { steps: instruction.steps }),
        ...{ primes, scaleBits: Math.log2(scale), parts },
      })
    },
  })
  return dumped
}
