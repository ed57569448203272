import type { IntegerType } from './integer-types.ts'

/** An ONNX graph as read: names and semantics exactly ONNX's, constants decoded, functions inlined. */
export interface Graph {
  readonly name: string
  readonly producer: string
  /** Version of the default ONNX operator set. */
  readonly opset: number
  /** Run-time inputs only; initialisers listed as inputs (IR 3) are left out. */
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /** Topologically sorted. */
  readonly nodes: readonly Node[]
  readonly constants: ReadonlyMap<string, Tensor>
  /** What exporters write beside the network, such as the names of its classes. */
  readonly metadata?: ReadonlyMap<string, string>
}

/** A dimension is a number, or a symbol when dynamic. */
export interface ValueInfo {
  readonly name: string
  readonly elementType: ElementType
  readonly shape: readonly (number | string)[] | undefined
  /** Which integers, of an input of integers. */
  readonly integer?: IntegerType
  /** Of integers q that are read as the real numbers scale · (q − zero). */
  readonly integers?: { readonly scale: number; readonly zero: number }
}

export type ElementType = 'float' | 'int' | 'bool' | 'string' | 'other'

/** Row-major. Integers are exact up to 2^53. */
export interface Tensor {
  readonly elementType: ElementType
  readonly shape: readonly number[]
  readonly data: Float64Array
  /** Which integers, where the file says so: the range that quantising saturates to. */
  readonly integer?: IntegerType
  /** Of strings, whose `data` are their places. */
  readonly texts?: readonly string[]
}

export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | Subgraph

/** A branch of an If; it may read names of the graph around it, which the node lists after its own inputs. */
export interface Subgraph {
  readonly nodes: readonly Node[]
  readonly constants: ReadonlyMap<string, Tensor>
  readonly outputs: readonly string[]
}

export interface Node {
  /** ONNX's node name, or `<operator>_<index>` where the file has none. Unique in the graph. */
  readonly name: string
  readonly operator: string
  /** '' is the default ONNX domain. */
  readonly domain: string
  /** '' marks an omitted optional input. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** Version of the default operator set, where the function it comes from has another than the graph. */
  readonly opset?: number
  /** Of a node that a pass wrote for an expression of one value: see passes/recognise-activations.ts. */
  readonly activation?: RecognisedActivation
}

/** An activation whose parameters are tensors that broadcast against its input. */
export interface RecognisedActivation {
  readonly operator: string
  readonly constants: Readonly<Record<string, Tensor>>
  readonly steps?: readonly ExpressionStep[]
}

/** One element-wise operator of ONNX (network/element-wise.ts), or with parameters an activation. */
export interface ExpressionStep {
  readonly operator: string
  /** 'x', the number of an earlier step, or the name of one of the expression's parameters. */
  readonly inputs: readonly (string | number)[]
  readonly parameters?: Readonly<Record<string, number>>
}
