import type { TestAttribute, TestModel, TestNode, TestTensor } from '../onnx/write-model.ts'

/** A source of choices, so that a graph is a function of its numbers and shrinks with them. */
export interface Choices {
  /** An integer in [0, bound). */
  pick(bound: number): number
  /** A weight in [−1, 1). */
  weight(): number
}

export const opsets = [7, 9, 11, 12, 13, 17, 18, 20, 22, 24] as const

/** Builds a legal ONNX graph node by node, following the shape of its current value. */
export class RandomGraph {
  readonly #nodes: TestNode[] = []
  readonly #constants: Record<string, TestTensor> = {}
  readonly opset: number
  readonly choices: Choices
  #count = 0
  current = 'x'
  shape: readonly number[]
  readonly #input: readonly number[]
  /** Earlier values, for residual sums and concatenations. */
  readonly earlier: { name: string; shape: readonly number[] }[] = []

  constructor(choices: Choices, opset: number, shape: readonly number[]) {
    this.choices = choices
    this.opset = opset
    this.shape = shape
    this.#input = shape
  }

  get channels(): number {
    return this.shape[1] ?? 1
  }

  get spatial(): readonly number[] {
    return this.shape.slice(2)
  }

  pick(bound: number): number {
    return this.choices.pick(bound)
  }

  oneOf<T>(options: readonly T[]): T {
    return options[this.pick(options.length)]
  }

  weights(shape: readonly number[], offset = 0): string {
    const size = shape.reduce((a, b) => a * b, 1)
    const scale = 1 / Math.sqrt(Math.max(1, size / Math.max(1, shape[0] ?? 1)))
    const values = Array.from({ length: size }, () => Math.fround(this.choices.weight() * scale + offset))
    return this.constant({ shape, values })
  }

  integers(values: readonly number[]): string {
    return this.constant({ shape: [values.length], values, type: 'int64' })
  }

  scalar(value: number): string {
    return this.constant({ shape: [], values: [value] })
  }

  constant(tensor: TestTensor): string {
    const name = `c${this.#count++}`
    this.#constants[name] = tensor
    return name
  }

  /** Adds a node whose first output becomes the current value. */
  node(
    operator: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Record<string, TestAttribute> = {},
    extraOutputs = 0,
  ): string[] {
    const outputs = Array.from({ length: 1 + extraOutputs }, () => `v${this.#count++}`)
    this.#nodes.push({ operator, inputs, outputs, attributes })
    this.earlier.push({ name: this.current, shape: this.shape })
    this.current = outputs[0]
    this.shape = shape
    return outputs
  }

  /** A node beside the main line. */
  side(operator: string, inputs: readonly string[], attributes: Record<string, TestAttribute> = {}): string {
    const name = `s${this.#count++}`
    this.#nodes.push({ operator, inputs, outputs: [name], attributes })
    return name
  }

  model(): TestModel {
    return {
      opset: this.opset,
      inputs: [{ name: 'x', shape: this.#input }],
      outputs: [{ name: this.current, shape: this.shape }],
      nodes: this.#nodes,
      constants: this.#constants,
    }
  }
}
