import type { AttributeValue, Graph, Node, Tensor } from '../../graph/graph.ts'
import { integerRanges, type IntegerType } from '../../graph/integer-types.ts'
import type { Quantisation } from '../../network/fake-quantize.ts'

/** Domain of the operators that only rewriting makes. */
export const rewrittenDomain = 'sealwright'

/** The nodes of a graph while some are written anew; each keeps the name of the node that it stands for. */
export class Rewriting {
  readonly constants: Map<string, Tensor>
  readonly opset: number
  /** Whether what is made rounds as the file does. */
  readonly onIntegers: boolean
  #nodes: Node[] = []
  readonly #taken: Set<string>

  constructor({ constants, opset, inputs, nodes }: Graph, onIntegers: boolean) {
    this.onIntegers = onIntegers
    this.constants = new Map(constants)
    this.opset = opset
    const written = [...inputs.map(({ name }) => name), ...nodes.flatMap(({ outputs }) => outputs)]
    this.#taken = new Set([...constants.keys(), ...written])
  }

  /** What was added since the last call. */
  take(): Node[] {
    const nodes = this.#nodes
    this.#nodes = []
    return nodes
  }

  keep(node: Node): void {
    this.#nodes.push(node)
  }

  /** A node for `from`; returns the name of its output. */
  add(
    from: Node,
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output: string = this.#fresh(from),
    domain = '',
  ): string {
    this.keep({ ...from, operator, domain, inputs, outputs: [output], attributes })
    return output
  }

  constant(from: Node, data: ArrayLike<number>, shape: readonly number[] = []): string {
    const name = this.#fresh(from)
    this.constants.set(name, { elementType: 'float', shape, data: Float64Array.from(data) })
    return name
  }

  /** Axes, places, sizes and the like. */
  integers(from: Node, data: ArrayLike<number>, shape: readonly number[] = [data.length]): string {
    const name = this.#fresh(from)
    this.constants.set(name, { elementType: 'int', shape, data: Float64Array.from(data) })
    return name
  }

  texts(from: Node, texts: readonly string[]): string {
    const name = this.#fresh(from)
    const data = Float64Array.from(texts.keys())
    this.constants.set(name, { elementType: 'string', shape: [texts.length], data, texts })
    return name
  }

  /** factor × x + shift, all of one element each. */
  affine(from: Node, x: string, factor: number, shift: number, output?: string): string {
    const steps: (readonly [operator: string, by: number])[] = []
    if (factor !== 1) steps.push(['Mul', factor])
    if (shift !== 0) steps.push(['Add', shift])
    if (steps.length === 0) return output === undefined ? x : this.add(from, 'Identity', [x], {}, output)
    return steps.reduce((name, [operator, by], index) => {
      const isLast = index === steps.length - 1
      return this.add(from, operator, [name, this.constant(from, [by])], {}, isLast ? output : undefined)
    }, x)
  }

  /** Scale and zero point, where both are constants of one element; the type of the zero point gives the range. */
  quantisation(scale: string, zero: string, fallback: IntegerType = 'uint8'): Quantisation | undefined {
    const [scaleTensor, zeroTensor] = [this.constants.get(scale), this.constants.get(zero)]
    if (scaleTensor?.data.length !== 1 || (zero && zeroTensor?.data.length !== 1)) return undefined
    if (zeroTensor && zeroTensor.elementType !== 'int') return undefined
    const [min, max] = integerRanges[zeroTensor?.integer ?? fallback]
    if (!(scaleTensor.data[0] > 0)) return undefined
    return { scale: scaleTensor.data[0], zero: zeroTensor?.data[0] ?? 0, min, max }
  }

  #fresh({ name }: Node): string {
    let fresh = `${name} rewritten ${this.#taken.size}`
    while (this.#taken.has(fresh)) fresh += '+'
    this.#taken.add(fresh)
    return fresh
  }
}
