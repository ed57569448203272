import { bitLength } from '../numeric/primes.ts'
import { operandsOf } from '../plan/instruction-table.ts'
import { LevelEvaluator } from '../plan/level-evaluator.ts'
import type { Plan, Register } from '../plan/plan.ts'
import { runPlan } from '../plan/run-plan.ts'

/** What a rescaling prime divides by: the scale of a squaring, of weights, or of both at once (postpone.ts). */
export type Divided = 'square' | 'weights' | 'both'

/** What a chain of primes was made for. */
export interface ChainShape {
  /** Of each rescaling prime, in the order of the chain. */
  readonly divided: readonly Divided[]
  /** Of all scales, where no squaring is postponed; else the least that a value's may have. */
  readonly scaleBits: number
  /** By how many bits the result's scale is larger. */
  readonly extraBits: number
  /** Bits of q0 above the result's scale. */
  readonly headroomBits: number
}

export const isPostponed = ({ divided }: Pick<ChainShape, 'divided'>): boolean => divided.includes('both')

/** Of the scales of weights behind postponed squarings, above those of values: both err alike then, measured on LeNet-5 and CryptoNets. */
const weightMarginBits = 2
/** The same of weights with no squaring before them: all squarings behind amplify their errors. */
const narrowMarginBits = 4

/** Bits of each rescaling prime. */
export function levelBitsOf(shape: ChainShape): number[] {
  const { divided, scaleBits } = shape
  if (!isPostponed(shape)) return divided.map(() => scaleBits)
  const extra = extraBitsOf(shape)
  return divided.map((what, i) => {
    if (what === 'both') return 2 * scaleBits + weightMarginBits
    return scaleBits + (what === 'square' ? Math.round(extra[i]) : narrowMarginBits)
  })
}

/** Bits of the prime that is never rescaled by: it holds the scale, the precision asked for beyond it, and the size of the results. */
export const firstBitsOf = ({ scaleBits, extraBits, headroomBits }: ChainShape): number =>
  scaleBits + extraBits + headroomBits

/** Scales of values with 1, 2, … primes left. */
export const scalesOf = (shape: ChainShape): number[] =>
  extraBitsOf(shape).map((extra) => 2 ** (shape.scaleBits + extra))

/**
 * By how many bits scales of values with 1, 2, … primes left are above the least. A prime that divides by both brings the square
 * of a scale 2^(b + x), times a weight's, to 2^(b + 2x): what a scale has more than b doubles, and costs bits of q0 alone. So
 * the first layers, whose errors all squarings behind amplify, get as much more as the result has room for.
 */
function extraBitsOf({ divided, extraBits }: Pick<ChainShape, 'divided' | 'extraBits'>): number[] {
  const extra = [extraBits]
  for (const what of divided) extra.push(what === 'both' ? extra[extra.length - 1] / 2 : extra[extra.length - 1])
  return extra
}

export interface ScalesSeen extends Pick<ChainShape, 'scaleBits' | 'extraBits'> {
  readonly isPostponed: boolean
}

/**
 * Scales of which a chain and the scale of a plan's input tell. Without postponed squarings all rescaling primes are as large as
 * the scale; else those that divide by both are the largest.
 */
export function scalesSeen({ parameters, input }: Pick<Plan, 'parameters' | 'input'>): ScalesSeen {
  const inputBits = Math.log2(input.scale)
  const bits = parameters.primes.slice(1, input.primes).map(bitLength)
  if (bits.every((each) => each === Math.round(inputBits))) {
    return { scaleBits: Math.round(inputBits), extraBits: 0, isPostponed: false }
  }
  const widest = Math.max(...bits)
  const scaleBits = (widest - weightMarginBits) / 2
  const count = bits.filter((each) => each === widest).length
  return { scaleBits, extraBits: Math.round((inputBits - scaleBits) * 2 ** count), isPostponed: true }
}

/** Of a finished plan, whose input is not handed. */
export function shapeOf(plan: Plan): ChainShape {
  const { scaleBits, extraBits } = scalesSeen(plan)
  const headroomBits = bitLength(plan.parameters.primes[0]) - scaleBits - extraBits
  return { divided: dividedIn(plan), scaleBits, extraBits, headroomBits }
}

/** What each rescaling prime divides by in a plan: as `dividedBy` tells of the network. */
function dividedIn(plan: Plan): Divided[] {
  const evaluator = new LevelEvaluator(plan)
  const inputs = plan.input.sources.map((_, register) => evaluator.input(register))
  /** What a value's scale has beyond one. */
  const pending = new Map<Register, Divided | undefined>()
  const divided = new Array<Divided>(plan.input.primes - 1).fill('weights')
  runPlan(plan, evaluator, inputs, {
    afterInstruction(index, level) {
      const instruction = plan.instructions[index]
      const before = operandsOf(instruction).map((register) => pending.get(register))
      const { out, op } = instruction
      if (op === 'square') pending.set(out, 'square')
      else if (op === 'multiply-sum') pending.set(out, before.includes('square') ? 'both' : 'weights')
      else if (op === 'rescale') {
        pending.set(out, undefined)
        // Where maps of both kinds share a prime, it is as large as the one that divides by more needs.
        const known = divided[level.primes - 1]
        if (known === 'weights' || before[0] === 'both') divided[level.primes - 1] = before[0] ?? 'weights'
      } else pending.set(out, before[0])
    },
  })
  return divided
}
