import { z } from 'zod'
import { parseJson } from '../core/bundle/json.ts'
import { UserError } from '../core/errors.ts'
import type { Activation } from '../core/network/layer-model.ts'
import type { OwnerStep } from '../core/segment/owner-step.ts'

const size = z.int().min(1)
const shape = z.tuple([size, size, size])
const pair = z.tuple([z.int().min(1), z.int().min(1)])
const id = z.string().max(1000)
const layer = { id, sources: z.array(z.string()), shape, input: id }

const expressionStep = z.strictObject({
  operator: z.string(),
  inputs: z.array(z.union([z.string(), z.int().min(0)])),
  parameters: z.record(z.string(), z.number()).optional(),
})

/** Steps come from the owner's own key store; the schema finds damage. */
const schema = z.strictObject({
  outputs: z.array(z.strictObject({ id, shape })).min(1),
  layers: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('activation'),
        ...layer,
        activation: z.strictObject({
          operator: z.string(),
          parameters: z.record(z.string(), z.union([z.number(), z.array(z.number())])),
          steps: z.array(expressionStep).max(1000).optional(),
        }),
      }),
      z.strictObject({
        kind: z.literal('max-pool'),
        ...layer,
        kernel: pair,
        strides: pair,
        dilations: pair,
        pads: z.tuple([z.int().min(0), z.int().min(0), z.int().min(0), z.int().min(0)]),
      }),
    ]),
  ),
  inputs: z.array(id).min(1),
})

const maxBytes = 2 ** 26

/** Parameters of one value per channel become lists. */
export function encodeStep({ outputs, layers, inputs }: OwnerStep): Uint8Array {
  const literal = {
    outputs,
    layers: layers.map((kept) =>
      kept.kind === 'activation' ? { ...kept, activation: listed(kept.activation) } : kept,
    ),
    inputs,
  }
  return new TextEncoder().encode(JSON.stringify(schema.parse(literal)))
}

const listed = ({ parameters, ...activation }: Activation) => ({
  ...activation,
  parameters: Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, typeof value === 'number' ? value : [...value]]),
  ),
})

/** @throws UserError damaged-key-store */
export function decodeStep(bytes: Uint8Array): OwnerStep {
  const parsed = schema.safeParse(parseJson('step', bytes, maxBytes))
  if (!parsed.success) throw new UserError('damaged-key-store', 'The owner’s step at a cut is damaged.')
  const { outputs, layers, inputs } = parsed.data
  return {
    outputs,
    layers: layers.map((kept): OwnerStep['layers'][number] => {
      if (kept.kind === 'max-pool') return kept
      const parameters = Object.entries(kept.activation.parameters).map(
        ([name, value]) => [name, typeof value === 'number' ? value : Float64Array.from(value)] as const,
      )
      return { ...kept, activation: { ...kept.activation, parameters: Object.fromEntries(parameters) } }
    }),
    inputs,
  }
}
