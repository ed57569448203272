import { UserError } from '../errors.ts'
import type { Node, Tensor } from '../graph/graph.ts'
import { normaliseAxis } from '../graph/shapes.ts'
import { wrongInputCount } from './input-counts.ts'
import type { NetworkBuilder } from './network-builder.ts'
import { constantOf, unknown, type Constant, type Value, type View } from './values.ts'

/**
 * How one ONNX operator is understood. `fold` computes it when all its inputs are constants, `lower` turns it into
 * layers or into another view of a layer when one depends on the network's input. Outputs are in ONNX's order.
 * An operator that lacks the one that is needed is refused.
 */
export interface Operator {
  /** Of an element-wise operator: which function it is, so that expressions of it can be understood as one. */
  pointwise?(operation: FoldOperation): Pointwise
  fold?(operation: FoldOperation): Tensor | readonly Tensor[]
  lower?(operation: Operation): Value | readonly Value[]
}

/** An element-wise operator of its first `inputs` inputs (of all unless told), or with parameters an activation. */
export interface Pointwise {
  readonly operator: string
  readonly parameters?: Readonly<Record<string, number>>
  readonly inputs?: number
}

/** Thrown by `refuse`: the node stands in the way, but the rest can still be looked at. */
export class Refusal extends Error {
  readonly reason: string
  readonly hint: string | undefined
  /** The shape of the node's first output, where it is known all the same. */
  readonly shape: readonly number[] | undefined

  constructor(reason: string, hint?: string, shape?: readonly number[]) {
    super(reason)
    this.reason = reason
    this.hint = hint
    this.shape = shape
  }
}

/** What `run` gives; undefined where it refuses a node or finds it malformed, and whoever asks goes another way. */
export function unlessRefused<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof Refusal || error instanceof UserError) return undefined
    throw error
  }
}

/** One node whose inputs are all constants; what folding needs. */
export class FoldOperation {
  readonly node: Node
  readonly opset: number
  readonly inputs: readonly (Value | undefined)[]
  /** The fixed batch size of the network's input, of which one sample is followed; 1 where it is free. */
  readonly batch: number

  constructor(node: Node, opset: number, inputs: readonly (Value | undefined)[], batch = 1) {
    this.node = node
    this.opset = opset
    this.inputs = inputs
    this.batch = batch
    const wrong = wrongInputCount(node)
    if (wrong) throw this.malformed(wrong)
  }

  /** A constant input. Throws Refusal where it depends on the network's input, UserError where it is missing. */
  constant(index: number): Tensor {
    const tensor = this.optionalConstant(index)
    if (!tensor) throw this.malformed(`input ${index + 1} is missing`)
    return tensor
  }

  optionalConstant(index: number): Tensor | undefined {
    const value = this.inputs[index]
    if (value?.kind === 'view') {
      throw lookups.has(this.node.operator)
        ? this.refuse('it looks values up at places that depend on the input', lookupHint)
        : this.refuse(`its input ${index + 1} must be a constant`)
    }
    return value?.kind === 'constant' ? value.tensor : undefined
  }

  /** The integers of a constant input. */
  integers(index: number): readonly number[] {
    return [...this.constant(index).data]
  }

  optionalIntegers(index: number): readonly number[] | undefined {
    const tensor = this.optionalConstant(index)
    return tensor && [...tensor.data]
  }

  /** The only number of a constant input. Throws as `constant`, and UserError where it holds another count of numbers. */
  number(index: number): number {
    const { data } = this.constant(index)
    const [value] = data
    if (data.length === 1 && value !== undefined) return value
    throw this.malformed(`input ${index + 1} holds ${data.length} numbers, and one is expected`)
  }

  optionalNumber(index: number): number | undefined {
    return this.optionalConstant(index) && this.number(index)
  }

  /** The node is legal ONNX, but cannot be protected. */
  refuse(reason: string, hint?: string, shape?: readonly number[]): Refusal {
    return new Refusal(reason, hint, shape)
  }

  /** The node breaks ONNX's rules. */
  malformed(message: string): UserError {
    const { name, operator } = this.node
    return new UserError('bad-node', `${operator} “${name}”: ${message}.`, { where: { node: name, operator } })
  }
}

/** One node during lowering. */
export class Operation extends FoldOperation {
  readonly network: NetworkBuilder
  /** Whether nothing but reshaping stands between this node and the network's output. */
  readonly isLast: boolean

  constructor(
    node: Node,
    opset: number,
    inputs: readonly (Value | undefined)[],
    network: NetworkBuilder,
    isLast: boolean,
  ) {
    super(node, opset, inputs, network.batch)
    this.network = network
    this.isLast = isLast
  }

  value(index: number): Constant | View {
    const value = this.inputs[index]
    if (!value || value.kind === 'unknown') throw this.malformed(`input ${index + 1} is missing`)
    return value
  }

  /** An input that depends on the network's input. */
  view(index: number): View {
    const value = this.value(index)
    if (value.kind === 'constant') throw this.refuse(`its input ${index + 1} must not be a constant`)
    return value
  }

  /** An axis of the view, counted from the front; refuses the batch axis of a model with a fixed batch. */
  axis(axis: number, rank: number): number {
    const result = normaliseAxis(axis, rank)
    if (result === 0 && this.batch > 1) throw this.refuseAcrossSamples()
    return result
  }

  /** Of a fixed batch one sample is followed, and this node needs others. */
  refuseAcrossSamples(): Refusal {
    return this.refuse(`it works across the ${this.batch} samples of a batch`, 'Export with batch size 1.')
  }
}

const lookups = new Set(['Gather', 'GatherElements', 'GatherND'])
const lookupHint =
  'Embeddings, tables and scikit-learn’s QuantileTransformer do: let your own code look up, and begin the network behind it.'

/** Results as a list, where an operator may give one or several. */
export const listOf = <T>(result: T | readonly T[]): readonly T[] => (Array.isArray(result) ? result : [result as T])

export const constantsOf = (result: Tensor | readonly Tensor[]): readonly Constant[] => listOf(result).map(constantOf)

export { unknown }
