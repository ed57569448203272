import { invariant, UserError } from '../errors.ts'
import { lastOf, must, present } from '../must.ts'
import { LevelEvaluator, type Level } from '../plan/level-evaluator.ts'
import type { InputPacking, Instruction, Plan, PlannedNetwork, Register } from '../plan/plan.ts'
import { operandsOf, renamed, weightsOf } from '../plan/instruction-table.ts'
import { runPlan } from '../plan/run-plan.ts'

/** A part of a plan, and which of the whole plan's weights are its own, by its own numbering. */
export interface HandedPart extends PlannedNetwork {
  readonly weightIndices: readonly number[]
}

/**
 * Cuts a plan after the given planned layers (ascending places in `plan.layers`) into plans that compute it together, operation by
 * operation: each begins with the registers that it or a later part still reads. Parameters stay; weights, and so keys, are each part's own.
 */
export function handOff(
  { plan, weightVectors, weightPatterns, weightSupports }: PlannedNetwork,
  layers: readonly number[],
): HandedPart[] {
  const levels = levelsOf(plan)
  const lives = livesOf(plan)
  const ends = [...layers.map((layer) => present(plan.layers[layer]).end), plan.instructions.length]
  return ends.map((end, part): HandedPart => {
    const first = part === 0 ? 0 : present(ends[part - 1])
    const isLast = part === ends.length - 1
    const inputs = part === 0 ? [...plan.input.sources.keys()] : liveAt(lives, first)
    const instructions = plan.instructions.slice(first, end)
    const written = new Set(instructions.map(({ out }) => out))
    // What is only passed on becomes a value of its own, which the runner may release.
    const outputs = isLast ? plan.output.registers : liveAt(lives, end)
    const passed = outputs.filter((register) => !written.has(register))
    const names = new Map([...inputs, ...written].map((register, i) => [register, i]))
    const rename = (register: Register): Register => must(names, register)
    const copies = new Map(passed.map((register, i) => [register, names.size + i]))
    const weightIndices = [...new Set(instructions.flatMap(weightsOf))].sort((a, b) => a - b)
    const wholeWeight = (own: number): number => present(weightIndices[own])
    const ownWeight = new Map(weightIndices.map((index, i) => [index, i]))
    const firstLayer = plan.layers.findIndex((layer) => layer.first >= first)
    const ownLayers = plan.layers.filter((layer) => layer.first >= first && layer.end <= end)
    const cut: Plan = {
      ...plan,
      input: part === 0 ? plan.input : handedInput(plan, inputs, levels),
      weights: weightIndices.map((index) => {
        const weight = present(plan.weights[index])
        return { ...weight, layer: weight.layer - firstLayer }
      }),
      instructions: [
        ...instructions.map((instruction) => renamed(instruction, rename, (weight) => must(ownWeight, weight))),
        ...[...copies].map(([register, out]): Instruction => {
          return { op: 'mod-switch', out, in: rename(register), primes: must(levels, register).primes }
        }),
      ],
      layers: ownLayers.map((layer) => ({
        ...layer,
        first: layer.first - first,
        end: layer.end - first,
        result: layer.result.map(rename),
      })),
      output: isLast
        ? { ...plan.output, registers: outputs.map((register) => copies.get(register) ?? rename(register)) }
        : {
            shape: lastOf(ownLayers).packing.shape,
            registers: outputs.map((register) => copies.get(register) ?? rename(register)),
            positions: new Int32Array(),
            handed: true,
          },
    }
    return {
      plan: cut,
      weightVectors: (index) => weightVectors(wholeWeight(index)),
      ...(weightPatterns && { weightPatterns: (index) => weightPatterns(wholeWeight(index)) }),
      ...(weightSupports && { weightSupports: (index) => weightSupports(wholeWeight(index)) }),
      weightIndices,
    }
  })
}

/** Bytes of the ciphertexts that would be handed on after each planned layer but the last. */
export function handedBytes(plan: Plan): number[] {
  const levels = levelsOf(plan)
  const lives = livesOf(plan)
  const perPrime = 16 * plan.parameters.polyModulusDegree
  return plan.layers
    .slice(0, -1)
    .map(({ end }) => liveAt(lives, end).reduce((sum, register) => sum + perPrime * must(levels, register).primes, 0))
}

function levelsOf(plan: Plan): Map<Register, Level> {
  const evaluator = new LevelEvaluator(plan)
  const inputs = plan.input.sources.map((_, register) => evaluator.input(register))
  const levels = new Map(inputs.entries())
  runPlan(plan, evaluator, inputs, {
    afterInstruction: (index, level) => void levels.set(present(plan.instructions[index]).out, level),
  })
  return levels
}

interface Life {
  readonly register: Register
  /** Instructions that write it, and that read it last: −1 for an input, infinite for an output. */
  readonly written: number
  lastRead: number
}

function livesOf({ input, instructions, output }: Plan): Life[] {
  const lives = new Map<Register, Life>()
  for (const register of input.sources.keys()) lives.set(register, { register, written: -1, lastRead: -1 })
  instructions.forEach((instruction, i) => {
    for (const register of operandsOf(instruction)) must(lives, register).lastRead = i
    lives.set(instruction.out, { register: instruction.out, written: i, lastRead: i })
  })
  for (const register of output.registers) must(lives, register).lastRead = Infinity
  return [...lives.values()]
}

/** Registers written before an instruction, and read by it or later. */
const liveAt = (lives: readonly Life[], instruction: number): Register[] =>
  lives.flatMap(({ register, written, lastRead }) =>
    written < instruction && lastRead >= instruction ? [register] : [],
  )

function handedInput(plan: Plan, registers: readonly Register[], known: ReadonlyMap<Register, Level>): InputPacking {
  const levels = registers.map((register) => {
    const { primes, scale, parts } = must(known, register)
    if (parts === 1) {
      throw new UserError('not-a-cut-point', 'An input in the clear cannot be handed on.', {
        hint: 'Encrypt the input, or cut behind its last use.',
      })
    }
    invariant(parts === 2, 'Only relinearised ciphertexts can be handed on.')
    return { primes, scale }
  })
  const primes = Math.max(...levels.map((level) => level.primes))
  return {
    mode: 'handed',
    shape: plan.input.shape,
    sources: registers.map(() => new Int32Array()),
    scale: plan.input.scale,
    primes,
    levels,
  }
}
