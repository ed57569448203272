import { attributeTypes } from './schema.ts'

/** ONNX's numbers for element types (TensorProto.DataType). */
const FLOAT = 1
const INT64 = 7

/** Collects the nodes and constants of a graph, naming every value. */
export class OnnxBuilder {
  readonly #nodes: object[] = []
  readonly #initializers: object[] = []

  get parts(): { readonly node: readonly object[]; readonly initializer: readonly object[] } {
    return { node: this.#nodes, initializer: this.#initializers }
  }

  /** Adds a node with integer and number attributes and returns its output's name. */
  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    numbers: Readonly<Record<string, number>> = {},
  ): string {
    const name = `${opType.toLowerCase()}_${this.#nodes.length + 1}`
    const attribute = Object.entries(attributes).map(([key, value]) =>
      typeof value === 'number'
        ? { name: key, i: value, type: attributeTypes.int }
        : { name: key, ints: value, type: attributeTypes.ints },
    )
    const floats = Object.entries(numbers).map(([key, f]) => ({ name: key, f, type: attributeTypes.float }))
    this.#nodes.push({ opType, name, input, output: [name], attribute: [...attribute, ...floats] })
    return name
  }

  floats(values: ArrayLike<number>, dims: readonly number[]): string {
    return this.#constant(FLOAT, new Uint8Array(Float32Array.from(values).buffer), dims)
  }

  integers(values: readonly number[]): string {
    return this.#constant(INT64, new Uint8Array(BigInt64Array.from(values, BigInt).buffer), [values.length])
  }

  #constant(dataType: number, rawData: Uint8Array, dims: readonly number[]): string {
    const name = `constant_${this.#initializers.length + 1}`
    this.#initializers.push({ name, dataType, dims, rawData })
    return name
  }
}
