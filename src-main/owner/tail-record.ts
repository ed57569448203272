import { z } from 'zod'
import type { Finish } from '../core/network/layer-model.ts'
import type { Tail } from '../core/network/tail.ts'
import type { Finishing } from '../core/normalise/run-tail.ts'

/** JSON has no infinity, which a Clip without an end holds. */
const number = z.union([z.number(), z.literal(['Infinity', '-Infinity'])])
const name = z.string().max(1000)
const names = z.array(name).max(1000)
const shape = z.array(z.int().min(0)).max(8)

/** A tail in a deployment's record: see core/network/tail.ts. */
export const tailSchema = z.strictObject({
  opset: z.int().min(1),
  inputs: z.array(z.strictObject({ name, shape })).min(1),
  nodes: z
    .array(
      z.strictObject({
        name,
        operator: name,
        domain: name,
        inputs: names,
        outputs: names,
        attributes: z.record(z.string(), z.union([number, z.string(), z.array(number), z.array(z.string())])),
        opset: z.int().min(1).optional(),
      }),
    )
    .max(1000),
  constants: z.record(
    z.string(),
    z.strictObject({
      elementType: z.enum(['float', 'int', 'bool', 'string', 'other']),
      shape,
      data: z.array(number),
    }),
  ),
  outputs: names.min(1),
  labels: z
    .array(z.strictObject({ output: name, scores: name, classes: z.int().min(1), isProbability: z.boolean() }))
    .min(1),
})

export type TailRecord = z.infer<typeof tailSchema>

/** The network's last steps as a deployment's record holds them: JSON, infinities as text. */
export function recordOf({ opset, inputs, nodes, constants, outputs, labels }: Tail): TailRecord {
  const record = {
    opset,
    inputs,
    nodes: nodes.map((node) => ({
      name: node.name,
      operator: node.operator,
      domain: node.domain,
      inputs: node.inputs,
      outputs: node.outputs,
      attributes: Object.fromEntries(Object.entries(node.attributes).map(([key, value]) => [key, written(value)])),
      ...(node.opset !== undefined && { opset: node.opset }),
    })),
    constants: Object.fromEntries(
      [...constants].map(([key, { elementType, shape, data }]) => [
        key,
        { elementType, shape, data: written([...data]) },
      ]),
    ),
    outputs,
    labels,
  }
  return tailSchema.parse(record)
}

/** What a deployment's record says of the network's last steps. */
export const finishingOf = ({ finish, tail }: { finish: Finish; tail?: TailRecord }): Finishing => ({
  finish,
  ...(tail && { tail: tailOf(tail) }),
})

/** The inverse of `recordOf`. */
export const tailOf = ({ constants, nodes, ...record }: TailRecord): Tail => ({
  ...record,
  nodes: nodes.map(({ attributes, ...node }) => ({
    ...node,
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, read(value)])),
  })),
  constants: new Map(
    Object.entries(constants).map(([key, { data, ...tensor }]) => [
      key,
      { ...tensor, data: Float64Array.from(data, Number) },
    ]),
  ),
})

const finite = (value: unknown): unknown => (Math.abs(value as number) === Infinity ? String(value) : value)
const written = (value: unknown): unknown => (Array.isArray(value) ? value.map(finite) : finite(value))

type Recorded = TailRecord['nodes'][number]['attributes'][string]

/** Attributes that are texts are words such as “linear”, never an infinity. */
function read(value: Recorded): number | string | number[] | string[] {
  const one = (each: number | string): number | string =>
    each === 'Infinity' || each === '-Infinity' ? Number(each) : each
  return Array.isArray(value) ? (value.map(one) as number[] | string[]) : one(value)
}
