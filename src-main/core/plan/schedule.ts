import { costsWithKeys, type CostModel } from './cost-model.ts'
import { LevelEvaluator, type Level } from './level-evaluator.ts'
import type { Instruction, Plan, Register } from './plan.ts'
import { costOf, operandsOf } from './instruction-table.ts'
import { rotationGroups } from './rotation-groups.ts'
import { runPlan } from './run-plan.ts'
import { turnedInputs } from './turned-inputs.ts'
import { must } from '../must.ts'

/** What one thread does, in order. Transfers are values as bytes; a receive waits for its send. */
export type ProgramItem =
  | { readonly kind: 'input'; readonly register: Register }
  | { readonly kind: 'run'; readonly instruction: Instruction }
  | { readonly kind: 'send'; readonly register: Register; readonly to: number }
  | { readonly kind: 'receive'; readonly register: Register; readonly from: number }

export interface Schedule {
  readonly programs: readonly (readonly ProgramItem[])[]
  /** Which thread holds each of the plan's output registers at the end. */
  readonly outputThreads: readonly number[]
  readonly estimateMs: number
}

/** Saving, copying and loading a ciphertext; measured, per coefficient and part. */
const transferNsPerCoefficient = 4

/**
 * Distributes a plan over threads that share nothing: each instruction goes where it can finish first, and a
 * long sum is split by where its operands are, so that products never move. Deterministic; no deadlock,
 * since every program follows the plan's order.
 */
export function schedulePlan(plan: Plan, threads: number, costs: CostModel): Schedule {
  return new Scheduler(plan, threads, costs).schedule()
}

class Scheduler {
  readonly #plan: Plan
  readonly #costs: CostModel
  readonly #programs: ProgramItem[][]
  readonly #freeMs: number[]
  /** When each register is ready on each thread that has it. */
  readonly #readyMs = new Map<Register, Map<number, number>>()
  readonly #levels = new Map<Register, Level>()
  #nextRegister: Register

  constructor(plan: Plan, threads: number, costs: CostModel) {
    this.#plan = plan
    this.#costs = costsWithKeys(costs, plan.parameters)
    this.#programs = Array.from({ length: threads }, () => [])
    this.#freeMs = new Array<number>(threads).fill(0)
    this.#nextRegister = 1 + plan.instructions.reduce((most, { out }) => Math.max(most, out), plan.input.sources.length)
    this.#findLevels()
  }

  schedule(): Schedule {
    const plan = this.#plan
    const packing = plan.input.mode === 'plain' ? 'encode' : 'encrypt'
    turnedInputs(plan.input).forEach((turned, register) => {
      const inputMs = this.#ms(turned ? 'rotate-plain' : packing, plan.input.primes)
      this.#place({ kind: 'input', register }, register, this.#idlest(), inputMs)
    })
    const groups = rotationGroups(plan.instructions)
    plan.instructions.forEach((instruction, index) => this.#add(instruction, groups.has(index)))
    const outputThreads = plan.output.registers.map((register) => this.#earliestHolder(register))
    return { programs: this.#programs, outputThreads, estimateMs: Math.max(...this.#freeMs) }
  }

  #findLevels(): void {
    const plan = this.#plan
    const levels = this.#levels
    const evaluator = new LevelEvaluator(plan)
    const inputs = plan.input.sources.map((_, register) => {
      levels.set(register, evaluator.input(register))
      return evaluator.input(register)
    })
    runPlan(plan, evaluator, inputs, {
      afterInstruction: (index, level) => levels.set(plan.instructions[index].out, level),
    })
  }

  #ms(primitive: Parameters<CostModel['ms']>[0], primes: number): number {
    return this.#costs.ms(primitive, this.#plan.parameters.polyModulusDegree, primes)
  }

  #add(instruction: Instruction, hoisted: boolean): void {
    if (instruction.op === 'multiply-sum') this.#addSum(instruction)
    else this.#addWhole(instruction, this.#costOf(instruction, hoisted))
  }

  #costOf(instruction: Exclude<Instruction, { op: 'multiply-sum' }>, hoisted: boolean): number {
    const { primes } = must(this.#levels, operandsOf(instruction)[0])
    if (hoisted) return this.#ms('rotate-hoisted', primes)
    return costOf(instruction).reduce((sum, [primitive, count]) => sum + count * this.#ms(primitive, primes), 0)
  }

  #addWhole(instruction: Instruction, costMs: number): void {
    const operands = operandsOf(instruction)
    let best = { thread: 0, startMs: Infinity }
    for (let thread = 0; thread < this.#programs.length; thread++) {
      const startMs = Math.max(this.#freeMs[thread], ...operands.map((register) => this.#readyOn(register, thread)))
      if (startMs < best.startMs) best = { thread, startMs }
    }
    for (const register of operands) this.#bring(register, best.thread)
    this.#place({ kind: 'run', instruction }, instruction.out, best.thread, costMs)
  }

  /** Each thread sums the products of the values it has; the partial sums are then added. */
  #addSum(instruction: Extract<Instruction, { op: 'multiply-sum' }>): void {
    const level = must(this.#levels, instruction.values[0])
    const eachMs = this.#ms(level.parts === 1 ? 'multiply-plain' : 'multiply', level.primes)
    const shares = this.#share(instruction.values)
    const partials = shares.map(({ thread, members }): Register => {
      const out = shares.length === 1 ? instruction.out : this.#register(must(this.#levels, instruction.out))
      const values = members.map((k) => instruction.values[k])
      for (const register of values) this.#bring(register, thread)
      const share: Instruction = {
        op: 'multiply-sum',
        out,
        values,
        weights: members.map((k) => instruction.weights[k]),
      }
      this.#place({ kind: 'run', instruction: share }, out, thread, eachMs * members.length)
      return out
    })
    partials.slice(1).reduce((sum, partial, i) => {
      const out = i === partials.length - 2 ? instruction.out : this.#register(must(this.#levels, instruction.out))
      this.#addWhole({ op: 'add', out, in: [sum, partial] }, this.#ms('add', level.primes))
      return out
    }, partials[0])
  }

  /** Groups a sum's values by the thread that has them; a value that several have goes to the smaller group. */
  #share(values: readonly Register[]): { thread: number; members: number[] }[] {
    const groups = this.#programs.map((_, thread) => ({ thread, members: [] as number[] }))
    if (values.length < 2 * groups.length) {
      const most = groups.map(({ thread }) => values.filter((value) => must(this.#readyMs, value).has(thread)).length)
      groups[most.indexOf(Math.max(...most))].members.push(...values.keys())
    } else {
      const holders = (k: number): Map<number, number> => must(this.#readyMs, values[k])
      const order = [...values.keys()].sort((a, b) => holders(a).size - holders(b).size || a - b)
      for (const k of order) {
        const candidates = groups.filter(({ thread }) => holders(k).has(thread))
        candidates.reduce((best, group) => (group.members.length < best.members.length ? group : best)).members.push(k)
      }
    }
    return groups.filter(({ members }) => members.length > 0)
  }

  #readyOn(register: Register, thread: number): number {
    const holders = must(this.#readyMs, register)
    return holders.get(thread) ?? Math.min(...holders.values()) + 2 * this.#transferMs(register)
  }

  #transferMs(register: Register): number {
    const { primes, parts } = must(this.#levels, register)
    return (this.#plan.parameters.polyModulusDegree * primes * parts * transferNsPerCoefficient) / 1e6
  }

  /** Sends a register to a thread that lacks it. */
  #bring(register: Register, thread: number): void {
    const holders = must(this.#readyMs, register)
    if (holders.has(thread)) return
    const from = this.#earliestHolder(register)
    const transferMs = this.#transferMs(register)
    this.#programs[from].push({ kind: 'send', register, to: thread })
    this.#freeMs[from] += transferMs
    this.#programs[thread].push({ kind: 'receive', register, from })
    this.#freeMs[thread] = Math.max(this.#freeMs[thread], this.#freeMs[from]) + transferMs
    holders.set(thread, this.#freeMs[thread])
  }

  #place(item: ProgramItem, out: Register, thread: number, costMs: number): void {
    this.#programs[thread].push(item)
    this.#freeMs[thread] += costMs
    this.#readyMs.set(out, new Map([[thread, this.#freeMs[thread]]]))
  }

  #earliestHolder(register: Register): number {
    const holders = [...must(this.#readyMs, register)]
    return holders.reduce((best, holder) => (holder[1] < best[1] ? holder : best))[0]
  }

  #idlest(): number {
    return this.#freeMs.indexOf(Math.min(...this.#freeMs))
  }

  #register(level: Level): Register {
    this.#levels.set(this.#nextRegister, level)
    return this.#nextRegister++
  }
}

/** Estimated milliseconds, the input's packing included. */
export function estimateMs(plan: Plan, costs: CostModel, threads: number): number {
  if (!costs.sharesOperations) return schedulePlan(plan, threads, costs).estimateMs
  const { mode, primes } = plan.input
  const packed = turnedInputs(plan.input).filter((turned) => !turned).length
  const eachMs = costs.ms(mode === 'plain' ? 'encode' : 'encrypt', plan.parameters.polyModulusDegree, primes)
  const evaluateMs = schedulePlan(plan, 1, costs).estimateMs - packed * eachMs
  return Math.ceil(packed / threads) * eachMs + evaluateMs / threads
}
