import type { Evaluator } from './evaluator.ts'
import type { Primitive } from './level-evaluator.ts'
import { dataPrimesOf, slotsOf, type Instruction, type Plan, type Register, type WeightIndex } from './plan.ts'

type Read<V> = (register: Register) => V
type Rename = (register: Register) => Register
type RenameWeight = (weight: WeightIndex) => WeightIndex

/**
 * All that passes over a plan know of an instruction. Besides its row an instruction has its operands (`plan.ts`), its
 * effect in each evaluator (`evaluator.ts`), its form in a bundle (`core/bundle/instruction-forms.ts`) and what writes it (`core/planner`).
 */
interface InstructionRow<I extends Instruction> {
  /** Registers that it reads, in order. */
  readonly operands: (instruction: I) => readonly Register[]
  /** Weights that it reads, in order; absent where it reads none. */
  readonly weights?: (instruction: I) => readonly WeightIndex[]
  /** The same on other registers and weights. */
  readonly renamed: (instruction: I, register: Rename, weight: RenameWeight) => I
  readonly execute: <V>(evaluator: Evaluator<V>, instruction: I, read: Read<V>) => V
  /** The primitives that take its time, and how many of each, on operands of two parts. */
  readonly cost: (instruction: I) => readonly (readonly [Primitive, number])[]
  /** Primes left in the result, of those in its operands. */
  readonly primesLeft?: (primes: number, instruction: I) => number
  /** The scale of the result of an operation on one ciphertext and plaintexts, of that of its operands and their last prime. */
  readonly scaleLeft?: (scale: number, lastPrime: number, instruction: I) => number
  /** What a plan from outside may have wrong beyond its types, registers and weights. */
  readonly fault?: (instruction: I, plan: Pick<Plan, 'parameters'>) => string | undefined
}

/** Of instructions with one operand and no weight. */
const single = <I extends Instruction & { readonly in: Register }>() => ({
  operands: (instruction: I) => [instruction.in],
  renamed: (instruction: I, register: Rename): I => ({
    ...instruction,
    out: register(instruction.out),
    in: register(instruction.in),
  }),
})

const rows: { readonly [Op in Instruction['op']]: InstructionRow<Of<Op>> } = {
  'multiply-sum': {
    operands: ({ values }) => values,
    weights: ({ weights }) => weights,
    renamed: ({ op, out, values, weights }, register, weight) => ({
      ...{ op, out: register(out), values: values.map(register), weights: weights.map(weight) },
    }),
    execute: (evaluator, { values, weights }, read) => evaluator.multiplySum(values.map(read), weights),
    cost: ({ values }) => [['multiply', values.length]],
    fault: ({ values, weights }) => (values.length === weights.length ? undefined : 'has a sum of unequal lengths'),
  },
  square: {
    ...single<Of<'square'>>(),
    execute: (evaluator, instruction, read) => evaluator.square(read(instruction.in)),
    cost: () => [['square', 1]],
  },
  relinearise: {
    ...single<Of<'relinearise'>>(),
    execute: (evaluator, instruction, read) => evaluator.relinearise(read(instruction.in)),
    cost: () => [['relinearise', 1]],
  },
  rescale: {
    ...single<Of<'rescale'>>(),
    execute: (evaluator, instruction, read) => evaluator.rescale(read(instruction.in)),
    cost: () => [['rescale', 1]],
    primesLeft: (primes) => primes - 1,
    scaleLeft: (scale, lastPrime) => scale / lastPrime,
  },
  rotate: {
    ...single<Of<'rotate'>>(),
    execute: (evaluator, instruction, read) => evaluator.rotate(read(instruction.in), instruction.steps),
    cost: () => [['rotate', 1]],
    fault: ({ steps }, { parameters }) => (steps < slotsOf(parameters) ? undefined : 'rotates too far'),
  },
  add: {
    operands: (instruction) => instruction.in,
    renamed: ({ op, out, in: [left, right] }, register) => ({
      ...{ op, out: register(out), in: [register(left), register(right)] },
    }),
    execute: (evaluator, { in: [left, right] }, read) => evaluator.add(read(left), read(right)),
    cost: () => [['add', 1]],
  },
  'add-weight': {
    operands: (instruction) => [instruction.in],
    weights: ({ weight }) => [weight],
    renamed: (instruction, register, weight) => ({
      ...instruction,
      ...{ out: register(instruction.out), in: register(instruction.in), weight: weight(instruction.weight) },
    }),
    execute: (evaluator, instruction, read) => evaluator.addWeight(read(instruction.in), instruction.weight),
    cost: () => [['add', 1]],
  },
  'monomial-sum': {
    operands: ({ values }) => values,
    renamed: ({ op, out, values, exponents }, register) => ({
      ...{ op, out: register(out), values: values.map(register), exponents },
    }),
    execute: (evaluator, { values, exponents }, read) => evaluator.monomialSum(values.map(read), exponents),
    cost: ({ values }) => [['multiply-plain', values.length]],
    fault({ values, exponents }, { parameters }) {
      if (values.length !== exponents.length) return 'has a sum of unequal lengths'
      const exists = (exponent: number): boolean => exponent < 2 * parameters.polyModulusDegree
      return exponents.every(exists) ? undefined : 'multiplies by a monomial that does not exist'
    },
  },
  'mask-sum': {
    operands: ({ values }) => values,
    renamed: ({ op, out, values, masks, scale }, register) => ({
      ...{ op, out: register(out), values: values.map(register), masks, scale },
    }),
    execute: (evaluator, { values, masks, scale }, read) => evaluator.maskSum(values.map(read), masks, scale),
    cost: ({ values }) => [['multiply-plain', values.length]],
    scaleLeft: (scale, _, instruction) => scale * instruction.scale,
    fault: ({ values, masks }) => (values.length === masks.length ? undefined : 'has a sum of unequal lengths'),
  },
  'mod-switch': {
    ...single<Of<'mod-switch'>>(),
    execute: (evaluator, instruction, read) => evaluator.modSwitch(read(instruction.in), instruction.primes),
    // It copies.
    cost: () => [['add', 1]],
    primesLeft: (_, { primes }) => primes,
    fault: ({ primes }, { parameters }) =>
      primes <= dataPrimesOf(parameters) ? undefined : 'switches above the modulus chain',
  },
}

type Of<Op extends Instruction['op']> = Extract<Instruction, { readonly op: Op }>

const rowOf = <I extends Instruction>({ op }: I): InstructionRow<I> => rows[op] as unknown as InstructionRow<I>

/** Whether its result has a larger scale than its operands, so that it is rescaled before the next such instruction or with it. */
export const multiplies = ({ op }: Instruction): boolean =>
  op === 'multiply-sum' || op === 'square' || op === 'mask-sum'

/** Registers that an instruction reads, in order. */
export const operandsOf = (instruction: Instruction): readonly Register[] => rowOf(instruction).operands(instruction)

/** Weights that an instruction reads, in order. */
export const weightsOf = (instruction: Instruction): readonly WeightIndex[] =>
  rowOf(instruction).weights?.(instruction) ?? []

/** The same instruction on other registers and weights. */
export const renamed = <I extends Instruction>(
  instruction: I,
  register: Rename,
  weight: RenameWeight = (it) => it,
): I => rowOf(instruction).renamed(instruction, register, weight)

/** Runs one instruction; the result is the caller's. */
export const execute = <V>(evaluator: Evaluator<V>, instruction: Instruction, read: Read<V>): V =>
  rowOf(instruction).execute(evaluator, instruction, read)

/** The primitives that take an instruction's time, and how many of each, on operands of two parts. */
export const costOf = (instruction: Instruction): readonly (readonly [Primitive, number])[] =>
  rowOf(instruction).cost(instruction)

/** Primes left in the result of an instruction, of those in its operands. */
export const primesLeft = (instruction: Instruction, primes: number): number =>
  rowOf(instruction).primesLeft?.(primes, instruction) ?? primes

/** The scale of the result of a load program's instruction, of that of its operands and their last prime. */
export const scaleLeft = (instruction: Instruction, scale: number, lastPrime: number): number =>
  rowOf(instruction).scaleLeft?.(scale, lastPrime, instruction) ?? scale

/** What is wrong with an instruction of a plan from outside, beyond its types, registers and weights; undefined where nothing is. */
export const faultOf = (instruction: Instruction, plan: Pick<Plan, 'parameters'>): string | undefined =>
  rowOf(instruction).fault?.(instruction, plan)

const multiplications: ReadonlySet<Primitive> = new Set(['multiply', 'multiply-plain', 'square'])

/** Multiplications that an instruction takes. */
export const productsOf = (instruction: Instruction): number =>
  costOf(instruction).reduce((sum, [primitive, count]) => sum + (multiplications.has(primitive) ? count : 0), 0)
