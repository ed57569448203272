import { present } from '../core/must.ts'
import { invariant } from '../core/errors.ts'
import type { Evaluator } from '../core/plan/evaluator.ts'
import type { Register } from '../core/plan/plan.ts'
import { execute, operandsOf } from '../core/plan/instruction-table.ts'
import type { ProgramItem } from '../core/plan/schedule.ts'

/** What a program's items do that a plan's instructions do not. */
export interface ProgramHost<V> {
  readonly evaluator: Evaluator<V>
  input(register: Register): V
  send(register: Register, value: V, to: number): void
  receive(register: Register): V
  /** Before each item; throw to stop. */
  beforeItem?(index: number): void
}

/**
 * One thread's part of a plan. Returns the values of `outputs`, which become the caller's; everything else is
 * released after its last use, on failure too.
 */
export function runProgram<V>(
  program: readonly ProgramItem[],
  outputs: readonly Register[],
  host: ProgramHost<V>,
): Map<Register, V> {
  const values = new Map<Register, V>()
  const lastUses = lastUsesOf(program, outputs)
  const read = (register: Register): V => {
    const value = values.get(register)
    invariant(value !== undefined, `register ${register} is not on this thread`)
    return value
  }
  const kept = new Set(outputs)
  try {
    program.forEach((item, index) => {
      host.beforeItem?.(index)
      if (item.kind === 'input') values.set(item.register, host.input(item.register))
      else if (item.kind === 'receive') values.set(item.register, host.receive(item.register))
      else if (item.kind === 'send') host.send(item.register, read(item.register), item.to)
      else values.set(item.instruction.out, execute(host.evaluator, item.instruction, read))
      for (const register of present(lastUses[index])) {
        host.evaluator.release(read(register))
        values.delete(register)
      }
    })
  } catch (error) {
    kept.clear()
    throw error
  } finally {
    for (const [register, value] of values) if (!kept.has(register)) host.evaluator.release(value)
  }
  return values
}

function lastUsesOf(program: readonly ProgramItem[], outputs: readonly Register[]): Register[][] {
  const last = new Map<Register, number>()
  program.forEach((item, index) => {
    if (item.kind === 'run') {
      for (const register of [item.instruction.out, ...operandsOf(item.instruction)]) last.set(register, index)
    } else {
      last.set(item.register, index)
    }
  })
  for (const register of outputs) last.delete(register)
  const uses: Register[][] = program.map(() => [])
  for (const [register, index] of last) present(uses[index]).push(register)
  return uses
}
