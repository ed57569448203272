import type { AttributeValue, Tensor } from '../graph/graph.ts'
import { attributeTypes } from './schema.ts'

/** ONNX's numbers for element types (TensorProto.DataType). */
export const dataTypes = { float: 1, int: 7, string: 8, bool: 9, other: 1 } as const

/** A node whose names are those of the file that it comes from. */
export interface NamedNode {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

/** Collects the nodes and constants of a graph, naming every value. */
export class OnnxBuilder {
  readonly #nodes: object[] = []
  readonly #initializers: object[] = []
  readonly #taken: Set<string>

  /** `taken`: names that no value may be given. */
  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken)
  }

  get parts(): { readonly node: readonly object[]; readonly initializer: readonly object[] } {
    return { node: this.#nodes, initializer: this.#initializers }
  }

  /** Adds a node with integer and number attributes and returns its output's name. */
  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    numbers: Readonly<Record<string, number>> = {},
    output?: string,
  ): string {
    const name = this.#fresh(`${opType.toLowerCase()}_${this.#nodes.length + 1}`)
    const attribute = Object.entries(attributes).map(([key, value]) =>
      typeof value === 'number'
        ? { name: key, i: value, type: attributeTypes.int }
        : { name: key, ints: value, type: attributeTypes.ints },
    )
    const floats = Object.entries(numbers).map(([key, f]) => ({ name: key, f, type: attributeTypes.float }))
    const own = output ?? name
    this.#nodes.push({ opType, name, input, output: [own], attribute: [...attribute, ...floats] })
    return own
  }

  /** Adds a node as a file has it. */
  named({ operator, inputs, outputs, attributes }: NamedNode): void {
    const name = this.#fresh(`${operator.toLowerCase()}_${this.#nodes.length + 1}`)
    const attribute = Object.entries(attributes).flatMap(([key, value]) => attributeProto(key, value))
    this.#nodes.push({ opType: operator, name, input: inputs, output: outputs, attribute })
  }

  floats(values: ArrayLike<number>, dims: readonly number[]): string {
    return this.#constant(dataTypes.float, new Uint8Array(Float32Array.from(values).buffer), dims)
  }

  integers(values: readonly number[]): string {
    return this.#constant(dataTypes.int, int64Bytes(values), [values.length])
  }

  /** A constant under its own name: real numbers as float32, integers as int64. */
  tensor(name: string, { elementType, shape, data, texts }: Tensor): void {
    const dataType = dataTypes[elementType]
    const values = texts
      ? { stringData: Array.from(data, (place) => utf8.encode(texts[place])) }
      : { rawData: rawBytes(dataType, data) }
    this.#initializers.push({ name, dataType, dims: shape, ...values })
  }

  #constant(dataType: number, rawData: Uint8Array, dims: readonly number[]): string {
    const name = this.#fresh(`constant_${this.#initializers.length + 1}`)
    this.#initializers.push({ name, dataType, dims, rawData })
    return name
  }

  #fresh(wanted: string): string {
    let name = wanted
    while (this.#taken.has(name)) name += '_'
    return name
  }
}

const utf8 = new TextEncoder()

const int64Bytes = (values: ArrayLike<number>): Uint8Array =>
  new Uint8Array(BigInt64Array.from(Array.from(values), BigInt).buffer)

function rawBytes(dataType: number, values: Float64Array): Uint8Array {
  if (dataType === dataTypes.int) return int64Bytes(values)
  if (dataType === dataTypes.bool) return Uint8Array.from(values)
  return new Uint8Array(Float32Array.from(values).buffer)
}

/** Attributes of operators that are real numbers: a whole one looks like an integer. */
const realAttributes = new Set(['alpha', 'beta', 'gamma', 'lambd', 'bias', 'ratio', 'epsilon'])

/** Of one number, word or list; operators with tensors and branches are not written. */
function attributeProto(name: string, value: AttributeValue): object[] {
  if (typeof value === 'string') return [{ name, s: utf8.encode(value), type: attributeTypes.string }]
  if (typeof value === 'number') {
    const isReal = realAttributes.has(name) || !Number.isInteger(value)
    return [isReal ? { name, f: value, type: attributeTypes.float } : { name, i: value, type: attributeTypes.int }]
  }
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'number')
  return isList ? [{ name, ints: value, type: attributeTypes.ints }] : []
}
