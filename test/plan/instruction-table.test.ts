import { describe, expect, it } from 'vitest'
import type { Evaluator } from '../../src-main/core/plan/evaluator.ts'
import {
  costOf,
  execute,
  faultOf,
  operandsOf,
  primesLeft,
  productsOf,
  renamed,
  scaleLeft,
  weightsOf,
} from '../../src-main/core/plan/instruction-table.ts'
import { LevelEvaluator, type Level, type Primitive } from '../../src-main/core/plan/level-evaluator.ts'
import type { Instruction, Plan, Register } from '../../src-main/core/plan/plan.ts'
import { rotationGroups } from '../../src-main/core/plan/rotation-groups.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'

/** One of each, so that an instruction without one does not compile. */
const examples: { readonly [Op in Instruction['op']]: Extract<Instruction, { op: Op }> } = {
  'multiply-sum': { op: 'multiply-sum', out: 9, values: [1, 2], weights: [0, 1] },
  square: { op: 'square', out: 9, in: 1 },
  relinearise: { op: 'relinearise', out: 9, in: 3 },
  rescale: { op: 'rescale', out: 9, in: 1 },
  rotate: { op: 'rotate', out: 9, in: 1, steps: 4 },
  add: { op: 'add', out: 9, in: [1, 2] },
  'add-weight': { op: 'add-weight', out: 9, in: 1, weight: 2 },
  'monomial-sum': { op: 'monomial-sum', out: 9, values: [1, 2], exponents: [3, 5] },
  'mask-sum': { op: 'mask-sum', out: 9, values: [1, 2], masks: [new Int32Array([1]), new Int32Array([2])], scale: 4 },
  'mod-switch': { op: 'mod-switch', out: 9, in: 1, primes: 2 },
}
const instructions = Object.values<Instruction>(examples)

const scale = 2 ** 20
const lastPrime = 1073479681
const plan = {
  parameters: { polyModulusDegree: 1024, primes: ['1125899906826241', '1073643521', '1073479681', '1125899903991809'] },
  input: { mode: 'encrypted', shape: [1, 1, 1], sources: [], scale, primes: 3 },
  weights: [0, 1, 2].map(() => ({ layer: 0, role: 'weight', scale, primes: 3 })),
  instructions: [],
  layers: [],
  output: { shape: [1, 1, 1], registers: [], positions: new Int32Array() },
  batch: 1,
} as const satisfies Plan

const levelOf = (register: Register): Level => ({ primes: 3, scale, parts: register === 3 ? 3 : 2 })

describe.each(instructions.map((instruction) => [instruction.op, instruction] as const))('%s', (op, instruction) => {
  const counted: Primitive[] = []
  const read: Register[] = []
  const result = execute(new LevelEvaluator(plan, (primitive) => counted.push(primitive)), instruction, (register) => {
    read.push(register)
    return levelOf(register)
  })

  it('reads the operands of its row', () => {
    expect(operandsOf(instruction)).toEqual(read)
  })

  it('costs the primitives that its run counts, and leaves the primes that it leaves', () => {
    const cost = costOf(instruction).flatMap(([primitive, count]) => new Array<Primitive>(count).fill(primitive))
    // A copy, which takes the time of a sum.
    if (op === 'mod-switch') expect([cost, counted]).toEqual([['add'], []])
    else expect(cost.sort()).toEqual(counted.sort())
    expect(primesLeft(instruction, 3)).toBe(result.primes)
    if (op !== 'square' && op !== 'multiply-sum') expect(scaleLeft(instruction, scale, lastPrime)).toBe(result.scale)
  })

  it('is the same on other registers and weights', () => {
    const moved = renamed(
      instruction,
      (register) => register + 100,
      (weight) => weight + 10,
    )
    expect(moved).toMatchObject({ op, out: 109 })
    expect(operandsOf(moved)).toEqual(read.map((register) => register + 100))
    expect(weightsOf(moved)).toEqual(weightsOf(instruction).map((weight) => weight + 10))
    expect(Object.keys(moved).sort()).toEqual(Object.keys(instruction).sort())
  })

  it('has no fault', () => {
    expect(faultOf(instruction, plan)).toBeUndefined()
  })
})

it('products are those of weights and squares', () => {
  const products = instructions.flatMap((instruction) => (productsOf(instruction) > 0 ? [instruction.op] : []))
  expect(products).toEqual(['multiply-sum', 'square', 'monomial-sum', 'mask-sum'])
  expect(productsOf(examples['multiply-sum'])).toBe(2)
})

it.each<[Instruction, string]>([
  [{ ...examples['multiply-sum'], weights: [0] }, 'has a sum of unequal lengths'],
  [{ ...examples['monomial-sum'], exponents: [1] }, 'has a sum of unequal lengths'],
  [{ ...examples['mask-sum'], masks: [] }, 'has a sum of unequal lengths'],
  [{ ...examples['monomial-sum'], exponents: [1, 2048] }, 'multiplies by a monomial that does not exist'],
  [{ ...examples.rotate, steps: 512 }, 'rotates too far'],
  [{ ...examples['mod-switch'], primes: 4 }, 'switches above the modulus chain'],
])('%j is refused in a plan from outside', (instruction, fault) => {
  expect(faultOf(instruction, plan)).toBe(fault)
})

describe('rotations of one register that stand together', () => {
  const rotate = (out: Register, from: Register, steps: number): Instruction => ({ op: 'rotate', out, in: from, steps })
  const program = [rotate(1, 0, 1), rotate(2, 0, 2), rotate(3, 1, 4), rotate(4, 0, 8), examples.square, rotate(5, 0, 1), rotate(6, 0, 2), rotate(7, 0, 3)] // prettier-ignore

  it('are groups; one alone is none', () => {
    const groups = rotationGroups(program)
    expect([...groups.keys()]).toEqual([0, 1, 5, 6, 7])
    expect(groups.get(6)).toEqual({ in: 0, rotations: program.slice(5) })
    expect(groups.get(0)).toBe(groups.get(1))
  })

  it('reach an evaluator that can share at once, and another one by one', () => {
    const together: (readonly number[])[] = []
    const alone: number[] = []
    class Alone extends LevelEvaluator {
      override rotate(value: Level, steps: number): Level {
        alone.push(steps)
        return super.rotate(value, steps)
      }
    }
    class Together extends Alone implements Evaluator<Level> {
      rotateMany(value: Level, steps: readonly number[]): Level[] {
        together.push(steps)
        return steps.map(() => value)
      }
    }
    const turning: Plan = {
      ...plan,
      input: { ...plan.input, sources: [new Int32Array()] },
      instructions: program.filter(({ op }) => op === 'rotate'),
    }
    runPlan(turning, new Together(turning), [levelOf(0)])
    expect([together, alone]).toEqual([[[1, 2], [8, 1, 2, 3]], [4]]) // prettier-ignore
    alone.length = 0
    runPlan(turning, new Alone(turning), [levelOf(0)])
    expect(alone).toEqual([1, 2, 4, 8, 1, 2, 3])
  })
})
