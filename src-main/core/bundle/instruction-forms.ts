/** How each instruction stands in a bundle: a row for each, and which of them a plan and a load program may have. */
import { z } from 'zod'
import { mostSummed, type Instruction } from '../plan/plan.ts'

export const maxRegisters = 2 ** 20
export const maxMasks = 2 ** 16

export const register = z
  .int()
  .min(0)
  .max(2 * maxRegisters)
export const weight = z.int().min(0).max(maxRegisters)
export const primes = z.int().min(1).max(64)
export const scale = z
  .number()
  .min(1)
  .max(2 ** 1000)

const single = { out: register, in: register }
const listOf = <T extends z.ZodType>(item: T, most: number) => z.array(item).min(1).max(most)
const upTo = (most: number) => z.int().min(0).max(most)

const forms = {
  'multiply-sum': z.strictObject({
    op: z.literal('multiply-sum'),
    out: register,
    values: listOf(register, 2 ** 16),
    weights: listOf(weight, 2 ** 16),
  }),
  square: z.strictObject({ op: z.literal('square'), ...single }),
  relinearise: z.strictObject({ op: z.literal('relinearise'), ...single }),
  rescale: z.strictObject({ op: z.literal('rescale'), ...single }),
  rotate: z.strictObject({ op: z.literal('rotate'), ...single, steps: upTo(2 ** 16).min(1) }),
  add: z.strictObject({ op: z.literal('add'), out: register, in: z.tuple([register, register]) }),
  'add-weight': z.strictObject({ op: z.literal('add-weight'), ...single, weight }),
  'mod-switch': z.strictObject({ op: z.literal('mod-switch'), ...single, primes }),
  /** Its masks are of the plan's list. */
  'mask-sum': z.strictObject({
    op: z.literal('mask-sum'),
    out: register,
    values: listOf(register, mostSummed),
    masks: listOf(upTo(maxMasks), mostSummed),
    scale,
  }),
  'monomial-sum': z.strictObject({
    op: z.literal('monomial-sum'),
    out: register,
    values: listOf(register, 16),
    exponents: listOf(upTo(2 ** 16), 16),
  }),
} satisfies { readonly [Op in Instruction['op']]: z.ZodObject<{ op: z.ZodLiteral<Op> }> }

export const instruction = z.discriminatedUnion('op', [
  forms['multiply-sum'],
  forms.square,
  forms.relinearise,
  forms.rescale,
  forms.rotate,
  forms.add,
  forms['add-weight'],
  forms['mod-switch'],
])

/** A load program has no more operations than these. */
export const loadInstruction = z.discriminatedUnion('op', [
  forms.rotate,
  forms.add,
  forms.rescale,
  forms['mask-sum'],
  forms['monomial-sum'],
])

/** An instruction that neither of the two takes could be written, and not read. */
type Unreadable = Exclude<Instruction['op'], z.infer<typeof instruction>['op'] | z.infer<typeof loadInstruction>['op']>
true satisfies [Unreadable] extends [never] ? true : Unreadable
