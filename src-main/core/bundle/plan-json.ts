import { z } from 'zod'
import { sizeOf, type Shape } from '../network/layer-model.ts'
import { slotsOf, type ElementPacking, type Instruction, type Plan } from '../plan/plan.ts'
import { checkPlan } from '../plan/check-plan.ts'
import { MAX_FORM_PRIMES } from '../plan/key-form.ts'
import {
  instruction,
  loadInstruction,
  maxMasks,
  maxRegisters,
  primes,
  register,
  scale,
  weight,
} from './instruction-forms.ts'
import { parseJson } from './json.ts'
import { damagedBundle } from '../plan/damaged-bundle.ts'
import { isSecure } from '../plan/security.ts'
import { fromRuns, lengthOfRuns, toRuns } from './runs.ts'

const maxPlanBytes = 32 * 2 ** 20
const integer = z
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31 - 1)
const dimension = z
  .int()
  .min(1)
  .max(2 ** 20)
const shape = z.tuple([dimension, dimension, dimension])
const runs = z.array(integer).max(3 * 2 ** 20)
const id = z.string().max(1000)

const expansion = z.strictObject({
  input: z.strictObject({ primes, scale }),
  instructions: z.array(loadInstruction).min(1).max(maxRegisters),
  results: z
    .array(z.tuple([weight, register]))
    .min(1)
    .max(2 ** 16),
})

const prime = z.string().regex(/^[1-9][0-9]{5,18}$/)
const formPrimes = z.int().min(1).max(MAX_FORM_PRIMES)

const planSchema = z.strictObject({
  parameters: z.strictObject({
    polyModulusDegree: z.literal([1024, 2048, 4096, 8192, 16384, 32768]),
    primes: z.array(prime).min(2).max(64),
    keySwitching: z
      .strictObject({
        keyPrimes: z.array(prime).max(MAX_FORM_PRIMES - 1),
        forms: z.array(z.strictObject({ digitPrimes: formPrimes, specialPrimes: formPrimes })).max(64),
      })
      .optional(),
  }),
  input: z.strictObject({
    mode: z.enum(['encrypted', 'plain', 'handed']),
    shape,
    sources: z.array(runs).min(1).max(4096),
    scale,
    primes,
    levels: z.array(z.strictObject({ primes, scale })).max(4096).optional(),
  }),
  weights: z.array(z.tuple([z.int().min(0).max(10000), z.enum(['weight', 'bias']), scale, primes])).max(maxRegisters),
  expansions: z
    .array(expansion)
    .max(2 ** 16)
    .optional(),
  masks: z.array(runs).max(maxMasks).optional(),
  instructions: z.array(instruction).min(1).max(maxRegisters),
  layers: z
    .array(
      z.strictObject({
        id,
        kind: z.enum(['linear', 'square']),
        first: register,
        end: register,
        result: z.array(register).min(1).max(4096),
        packing: z.strictObject({ shape, positions: runs }),
      }),
    )
    .max(10000),
  output: z.strictObject({
    shape,
    positions: runs,
    registers: z.array(register).min(1).max(4096),
    handed: z.literal(true).optional(),
  }),
  batch: z.int().min(1).max(4096),
})

/** The plan as JSON: packings as runs, weight slots as [layer, role, scale, primes], each distinct mask once. */
export function encodePlan(plan: Plan): Uint8Array {
  const masks = new MaskList()
  const literal = {
    ...plan,
    input: { ...plan.input, sources: plan.input.sources.map(toRuns) },
    weights: plan.weights.map(({ layer, role, scale, primes }) => [layer, role, scale, primes]),
    expansions: plan.expansions?.map((expansion) => ({
      ...expansion,
      instructions: expansion.instructions.map((instruction) =>
        instruction.op === 'mask-sum' ? masks.refer(instruction) : instruction,
      ),
      results: expansion.results.map(({ weight, register }) => [weight, register]),
    })),
    ...(masks.runs.length > 0 && { masks: masks.runs }),
    layers: plan.layers.map((layer) => ({ ...layer, packing: compact(layer.packing) })),
    output: compact(plan.output),
  }
  return new TextEncoder().encode(JSON.stringify(literal))
}

/** Reads a plan and checks that it can be run within bounds. @throws UserError damaged-bundle */
export function decodePlan(bytes: Uint8Array): Plan {
  const parsed = planSchema.safeParse(parseJson('plan', bytes, maxPlanBytes))
  if (!parsed.success) throw damagedBundle(`its plan is not valid: ${z.prettifyError(parsed.error).slice(0, 1000)}`)
  const { expansions, masks: maskRuns = [], ...literal } = parsed.data
  if (!isSecure(literal.parameters)) throw damagedBundle('its plan has a modulus too large for 128 bits of security')
  checkExpansion(parsed.data)
  const slots = slotsOf(literal.parameters)
  const inputSize = literal.batch * sizeOf(literal.input.shape)
  const positionsOf = (packing: { shape: Shape; positions: number[] }, registers: number): Int32Array =>
    expand(packing.positions, literal.batch * sizeOf(packing.shape), 0, registers * slots - 1, 'positions')
  const maskOf = (index: number): Int32Array => {
    const mask = masks.at(index)
    if (!mask) throw damagedBundle('its plan has no such mask')
    return mask
  }
  const masks = maskRuns.map((mask) => expand(mask, slots, 0, slots - 1, 'masks'))
  const plan: Plan = {
    ...literal,
    input: {
      ...literal.input,
      sources: literal.input.sources.map((source) => expand(source, slots, -1, inputSize - 1, 'sources')),
    },
    weights: literal.weights.map(([layer, role, scale, primes]) => ({ layer, role, scale, primes })),
    ...(expansions && {
      expansions: expansions.map((expansion) => ({
        ...expansion,
        instructions: expansion.instructions.map((instruction) =>
          instruction.op === 'mask-sum' ? { ...instruction, masks: instruction.masks.map(maskOf) } : instruction,
        ),
        results: expansion.results.map(([weight, register]) => ({ weight, register })),
      })),
    }),
    layers: literal.layers.map((layer) => ({
      ...layer,
      packing: { shape: layer.packing.shape, positions: positionsOf(layer.packing, layer.result.length) },
    })),
    output: { ...literal.output, positions: positionsOf(literal.output, literal.output.registers.length) },
  }
  checkPlan(plan)
  return plan
}

/** Distinct masks as runs, by the number that an instruction refers to. */
class MaskList {
  readonly runs: number[][] = []
  readonly #known = new Map<Int32Array | string, number>()

  refer({ masks, ...rest }: Extract<Instruction, { op: 'mask-sum' }>) {
    return { ...rest, masks: masks.map((slots) => this.#known.get(slots) ?? this.#add(slots)) }
  }

  #add(slots: Int32Array): number {
    const runs = toRuns(slots)
    const key = runs.join()
    const index = this.#known.get(key) ?? this.runs.push(runs) - 1
    this.#known.set(key, index).set(slots, index)
    return index
  }
}

/** Of one packing. */
const maxElements = 2 ** 22
/** Of all packings of a plan together: 128 MiB. */
const maxTotalElements = 2 ** 25

/** A few kilobytes of runs unfold to gigabytes, so they are counted before the first one is. */
function checkExpansion({ input, layers, output, masks = [] }: z.infer<typeof planSchema>): void {
  const packings = [...input.sources, ...layers.map(({ packing }) => packing.positions), output.positions, ...masks]
  const elements = packings.reduce((sum, runs) => sum + lengthOfRuns(runs), 0)
  if (elements > maxTotalElements) throw damagedBundle('its plan unfolds to more numbers than are read')
}

function expand(literal: readonly number[], maxLength: number, least: number, most: number, what: string): Int32Array {
  const values = fromRuns(literal, Math.min(maxLength, maxElements), least, most)
  if (!values) throw damagedBundle(`the ${what} of its plan are out of range`)
  return values
}

const compact = <P extends ElementPacking>(packing: P) => ({ ...packing, positions: toRuns(packing.positions) })
