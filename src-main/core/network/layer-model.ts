import type { ElementType, ExpressionStep } from '../graph/graph.ts'
import type { Tail } from './tail.ts'

export type { ExpressionStep } from '../graph/graph.ts'

/**
 * A network as a DAG of linear maps and activations: what ONNX becomes before approximation.
 * Every value is a [channels, height, width] tensor; 1-D signals have height 1, vectors are [n, 1, 1].
 */
export type Shape = readonly [channels: number, height: number, width: number]

export type LayerId = string

/** The id by which layers refer to the network's input. */
export const INPUT: LayerId = 'input'

export interface Model<L> {
  readonly name: string
  readonly input: ModelInput
  /** Topological order: a layer comes after all its inputs. */
  readonly layers: readonly L[]
  readonly output: LayerId
  readonly finish: Finish
  /** Whether the outputs are quantities and not the scores of classes, where the owner says so or classes have names; else see `tellsQuantities`. */
  readonly quantities?: boolean
  /** What the owner does after that, where there is more. */
  readonly tail?: Tail
  /** The file's own outputs, behind the finish and the tail. */
  readonly onnxOutputs?: readonly OnnxOutput[]
  /** Where the file's own values are integers. */
  readonly quantised?: Quantised
}

/** What the file of a quantised network computes with; the network here is on the real numbers that these stand for. */
export interface Quantised {
  /** Real numbers between quantisers, operators on integers, or integers whose scale depends on the input. */
  readonly form: 'qdq' | 'integer-operators' | 'dynamic'
  /** The file's scores are multiples of it, where it rounds them. */
  readonly outputStep?: number
  /** Where the file's own output is integers q: the outputs here are scale · (q − zero). */
  readonly outputIntegers?: { readonly scale: number; readonly zero: number }
}

export interface ModelInput {
  readonly name: string
  readonly shape: Shape
  /** The shape ONNX Runtime wants for one sample, batch included, and how our [C,H,W] maps to it. */
  readonly onnxShape: readonly number[]
  readonly layout: 'nchw' | 'nhwc'
}

export interface OnnxOutput {
  readonly name: string
  /** For one sample; without dimensions a number by itself. */
  readonly shape: readonly number[]
  readonly elementType: ElementType
}

/** What the owner applies to the decrypted outputs; it never changes which label is largest. */
export type Finish = 'none' | 'softmax' | 'log-softmax' | 'sigmoid' | 'argmax'

export type LayerModel = Model<LinearLayer | ActivationLayer | MaxPoolLayer>

/** A clamp of a quantiser that is left out, and the range that it held. */
export interface DroppedClamp {
  readonly id: LayerId
  readonly min: number
  readonly max: number
}

interface LayerBase {
  readonly id: LayerId
  /** Names of the ONNX nodes that this layer stands for. */
  readonly sources: readonly string[]
  readonly shape: Shape
}

/** output = Σ map(input) + bias. Several terms are a residual sum or a concatenation. */
export interface LinearLayer extends LayerBase {
  readonly kind: 'linear'
  readonly terms: readonly LinearTerm[]
  /** One value per channel, or one per element (channels × height × width). */
  readonly bias: Float64Array
}

export interface LinearTerm {
  readonly input: LayerId
  readonly map: LinearMap
}

export type LinearMap = ConvMap | DenseMap | SparseMap

/** ONNX Conv without bias; 1-D has kernel height 1. Pooling is a depthwise convolution (groups = channels). */
export interface ConvMap {
  readonly kind: 'conv'
  /** [outChannels][inChannels / groups][kernelHeight][kernelWidth] */
  readonly weight: Float64Array
  readonly kernel: readonly [height: number, width: number]
  readonly strides: readonly [vertical: number, horizontal: number]
  readonly dilations: readonly [vertical: number, horizontal: number]
  readonly pads: readonly [top: number, left: number, bottom: number, right: number]
  readonly groups: number
}

/** weight[out][in], both sides flattened in [channel, row, column] order. */
export interface DenseMap {
  readonly kind: 'dense'
  readonly weight: Float64Array
}

/** Compressed sparse rows over the flattened output; for maps that are neither (resize, slice, permutation). */
export interface SparseMap {
  readonly kind: 'sparse'
  /** Length outputs + 1. */
  readonly rowStarts: Int32Array
  readonly columns: Int32Array
  readonly values: Float64Array
  /** Of a convolution whose weights differ by place: what it is but for these. The columns of each row then rise. */
  readonly geometry?: ConvGeometry
}

export type ConvGeometry = Omit<ConvMap, 'weight'>

export interface ActivationLayer extends LayerBase {
  readonly kind: 'activation'
  readonly input: LayerId
  readonly activation: Activation
}

/**
 * ONNX's operator name and its attributes, or one of two names of our own: a 'Polynomial' has its coefficients as
 * parameters in rising order, an 'Expression' the constants of its steps. A parameter has one value, or one per channel.
 */
export interface Activation {
  readonly operator: string
  readonly parameters: Readonly<Record<string, number | Float64Array>>
  /** Of an expression; the last step's value is the result. */
  readonly steps?: readonly ExpressionStep[]
}

export interface MaxPoolLayer extends LayerBase {
  readonly kind: 'max-pool'
  readonly input: LayerId
  readonly kernel: readonly [height: number, width: number]
  readonly strides: readonly [vertical: number, horizontal: number]
  readonly dilations: readonly [vertical: number, horizontal: number]
  readonly pads: readonly [top: number, left: number, bottom: number, right: number]
}

export const sizeOf = (shape: Shape): number => shape[0] * shape[1] * shape[2]

/** How many scores a label is found by. */
export const classesOf = ({
  layers,
  output,
  input,
  tail,
}: Model<{ readonly id: LayerId; readonly shape: Shape }>): number =>
  tail?.labels[0].classes ?? sizeOf(layers.find(({ id }) => id === output)?.shape ?? input.shape)
