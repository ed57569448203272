import { invariant } from '../errors.ts'
import type { Evaluator, RunObserver } from './evaluator.ts'
import type { Instruction, Plan, Register } from './plan.ts'

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
        const turns = evaluator.rotateMany ? rotationsFrom(plan, index) : []
        const steps = turns.map((turn) => turn.steps)
        const results = steps.length < 2 ? undefined : evaluator.rotateMany?.(read(turns[0].in), steps)
        if (results) results.forEach((value, i) => write(turns[i].out, value))
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

/** One instruction; the result is the caller's. */
export function execute<V>(evaluator: Evaluator<V>, instruction: Instruction, read: (register: Register) => V): V {
  switch (instruction.op) {
    case 'multiply-sum':
      return evaluator.multiplySum(instruction.values.map(read), instruction.weights)
    case 'square':
      return evaluator.square(read(instruction.in))
    case 'relinearise':
      return evaluator.relinearise(read(instruction.in))
    case 'rescale':
      return evaluator.rescale(read(instruction.in))
    case 'rotate':
      return evaluator.rotate(read(instruction.in), instruction.steps)
    case 'add':
      return evaluator.add(read(instruction.in[0]), read(instruction.in[1]))
    case 'add-weight':
      return evaluator.addWeight(read(instruction.in), instruction.weight)
    case 'monomial-sum':
      return evaluator.monomialSum(instruction.values.map(read), instruction.exponents)
    case 'mask':
      return evaluator.mask(read(instruction.in), instruction.slots)
    case 'mod-switch':
      return evaluator.modSwitch(read(instruction.in), instruction.primes)
  }
}

export function operandsOf(instruction: Instruction): readonly Register[] {
  if (instruction.op === 'multiply-sum' || instruction.op === 'monomial-sum') return instruction.values
  return instruction.op === 'add' ? instruction.in : [instruction.in]
}

type Rotate = Extract<Instruction, { op: 'rotate' }>

/** The rotations of one register that stand together from `index` on. */
function rotationsFrom({ instructions }: Plan, index: number): Rotate[] {
  const first = instructions[index]
  const together: Rotate[] = []
  for (let i = index; i < instructions.length; i++) {
    const next = instructions[i]
    if (first.op !== 'rotate' || next.op !== 'rotate' || next.in !== first.in) break
    together.push(next)
  }
  return together
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
