import type { AttributeValue, Node, Tensor } from '../graph/graph.ts'
import { rearrange, transposed } from '../graph/rearrange.ts'
import { badFile, elementAt, type FlatFile, type FlatTable } from './flat-table.ts'
import * as schema from './schema.ts'
import { decode, type Quantisation, type TfliteTensor } from './tensors.ts'

type Attributes = Readonly<Record<string, AttributeValue>>

/** Builds an ONNX graph of real numbers from TFLite's operators, with quantisers where the file's values are integers. */
export class Builder {
  readonly nodes: Node[] = []
  readonly constants = new Map<string, Tensor>()
  readonly tensors: readonly TfliteTensor[]
  /** Of tensors that are thinned out: see dilations.ts. */
  readonly blocks = new Map<number, readonly number[]>()
  readonly #file: FlatFile
  readonly #names: readonly string[]
  readonly #reals: readonly string[]
  readonly #taken = new Set<string>()
  readonly #takenByNodes = new Set<string>()
  /** Quantised tensors whose real numbers are there. */
  readonly #asReals = new Set<number>()
  readonly #decoded = new Map<number, Tensor>()
  #operator = ''

  constructor(file: FlatFile, tensors: readonly TfliteTensor[]) {
    this.#file = file
    this.tensors = tensors
    this.#names = tensors.map(({ name }, index) => this.#fresh(name || `tensor_${index}`))
    this.#reals = this.#names.map((name, index) =>
      this.isQuantised(index) ? this.#fresh(`${name} dequantised`) : name,
    )
  }

  /** The operator that the next nodes stand for. */
  begin(operator: string): void {
    this.#operator = operator
  }

  /** The name of a tensor as the file's values: integers where it is quantised. */
  nameOf = (index: number): string => this.#at(this.#names, index)

  tensor = (index: number): TfliteTensor => this.#at(this.tensors, index)

  isQuantised(index: number): boolean {
    const { quantisation, integer } = this.tensor(index)
    return quantisation !== undefined && integer !== undefined
  }

  isConstant = (index: number): boolean => this.tensor(index).bytes !== undefined || this.#decoded.has(index)

  /** Makes a tensor that the file computes from constants one itself, such as weights stored as float16. */
  define(index: number, tensor: Tensor): void {
    this.#decoded.set(index, tensor)
  }

  /** The name of a tensor's real numbers. */
  real(index: number): string {
    const name = this.nameOf(index)
    if (this.isConstant(index)) {
      if (!this.constants.has(name)) this.constants.set(name, this.constant(index))
      return name
    }
    if (this.isQuantised(index) && !this.#asReals.has(index)) this.#dequantise(index)
    return this.#at(this.#reals, index)
  }

  /** A constant's values, dequantised. Throws where the tensor is none. */
  constant(index: number): Tensor {
    let tensor = this.#decoded.get(index)
    if (!tensor) this.#decoded.set(index, (tensor = decode(this.tensor(index), this.#file)))
    return tensor
  }

  integers = (index: number): number[] => [...this.constant(index).data]

  add(operator: string, inputs: readonly string[], attributes: Attributes = {}, output?: string, domain = ''): string {
    const name = output ?? this.#fresh(`${this.#operator}/${operator}`)
    const node = this.#freshNode(`${this.#operator}/${operator}`)
    this.nodes.push({ name: node, operator, domain, inputs, outputs: [name], attributes })
    return name
  }

  /** The same for an operator of two outputs. */
  addTwo(operator: string, inputs: readonly string[], attributes: Attributes): readonly [string, string] {
    const outputs = [0, 1].map((at) => this.#fresh(`${this.#operator}/${operator} ${at}`)) as [string, string]
    const name = this.#freshNode(`${this.#operator}/${operator}`)
    this.nodes.push({ name, operator, domain: '', inputs, outputs, attributes })
    return outputs
  }

  /**
   * 8 bits between the least and the greatest value, as kernels read the input of weights that alone are integers; with
   * `rowLength` for each row of as many values.
   */
  dynamicallyQuantised(x: string, rowLength?: number): string {
    const parts = ['', ' scale', ' zero'].map((part) => this.#fresh(`${this.#operator}/DynamicQuantizeLinear${part}`))
    const name = this.#freshNode(`${this.#operator}/DynamicQuantizeLinear`)
    this.nodes.push({
      name,
      operator: 'DynamicQuantizeLinear',
      domain: '',
      inputs: [x],
      outputs: parts,
      attributes: rowLength === undefined ? {} : { rowLength },
    })
    return this.add('DequantizeLinear', parts)
  }

  /** A new constant. */
  make(values: ArrayLike<number>, shape: readonly number[] = [], elementType: Tensor['elementType'] = 'float'): string {
    const name = this.#fresh(`${this.#operator}/constant`)
    this.constants.set(name, { elementType, shape, data: Float64Array.from(values) })
    return name
  }

  list = (values: readonly number[]): string => this.make(values, [values.length], 'int')

  transpose = (x: string, perm: readonly number[]): string => this.add('Transpose', [x], { perm })

  /** A constant with its axes in another order. */
  transposedConstant(index: number, perm: readonly number[]): string {
    const tensor = this.constant(index)
    const change = transposed(tensor.shape, perm)
    return this.make(rearrange(tensor.data, change), change.shape)
  }

  /** Runs an operator on images with channels first. */
  channelsFirst(x: string, run: (x: string) => string): string {
    return this.transpose(run(this.transpose(x, [0, 3, 1, 2])), [0, 2, 3, 1])
  }

  /** Applies ActivationFunctionType; `sign-bit` is none that can be protected. */
  fused(x: string, activation: number): string {
    switch (activation) {
      case 0:
        return x
      case 1:
        return this.add('Relu', [x])
      case 2:
        return this.clip(x, -1, 1)
      case 3:
        return this.clip(x, 0, 6)
      case 4:
        return this.add('Tanh', [x])
      default:
        return this.add('SIGN_BIT', [x], {}, undefined, 'tflite')
    }
  }

  clip = (x: string, min: number, max: number): string => this.add('Clip', [x, this.make([min]), this.make([max])])

  /** Ends an operator: its result is tensor `index`, quantised where the file quantises it. */
  finish(index: number, value: string, options: { readonly half?: 'even' | 'away' } = {}): void {
    const { integer, quantisation } = this.tensor(index)
    if (!quantisation || !integer) {
      this.add('Identity', [value], {}, this.nameOf(index))
      return
    }
    const grid = this.#grid(quantisation, integer)
    const attributes = { axis: quantisation.axis, ...(options.half === 'away' && { half: 'away' }) }
    this.add('QuantizeLinear', [value, ...grid], attributes, this.nameOf(index))
  }

  /** Ends an operator that only moves or chooses among values of tensor `from`: no quantiser where both are alike. */
  finishMoved(index: number, value: string, from: number): void {
    if (!this.isQuantised(index) || !this.isAlike(index, from)) {
      this.finish(index, value)
      return
    }
    this.add('Identity', [value], {}, this.#at(this.#reals, index))
    this.#asReals.add(index)
  }

  /** The name of a tensor that leaves the graph. */
  output(index: number): string {
    if (this.#asReals.has(index)) this.finish(index, this.#at(this.#reals, index))
    return this.nameOf(index)
  }

  isAlike(left: number, right: number): boolean {
    const [a, b] = [this.tensor(left).quantisation, this.tensor(right).quantisation]
    return a?.scales.join() === b?.scales.join() && a?.zeros.join() === b?.zeros.join()
  }

  /** Integers of the graph's input, or that a quantiser has made. */
  #dequantise(index: number): void {
    const { integer, quantisation } = this.tensor(index)
    if (!quantisation || !integer) return
    this.#asReals.add(index)
    const grid = this.#grid(quantisation, integer)
    this.add(
      'DequantizeLinear',
      [this.nameOf(index), ...grid],
      { axis: quantisation.axis },
      this.#at(this.#reals, index),
    )
  }

  #grid({ scales, zeros }: Quantisation, integer: NonNullable<TfliteTensor['integer']>): [string, string] {
    const zero = this.#fresh(`${this.#operator}/zero_point`)
    const shape = scales.length === 1 ? [] : [scales.length]
    const data = Float64Array.from(scales, (_, at) => elementAt(zeros, zeros.length > 1 ? at : 0))
    this.constants.set(zero, { elementType: 'int', integer, shape, data })
    return [this.make(scales, shape), zero]
  }

  /** What a list of all tensors holds for one of them. */
  #at<T>(list: readonly T[], index: number): T {
    const found: T | undefined = list[index]
    if (found === undefined) throw badFile(`an operator reads tensor ${index} of ${this.tensors.length}`)
    return found
  }

  #fresh = (wanted: string): string => freshIn(this.#taken, wanted)
  #freshNode = (wanted: string): string => freshIn(this.#takenByNodes, wanted)
}

/** Many may want the same name: counted from how many there are, so that a file of equal names takes no long time. */
function freshIn(taken: Set<string>, wanted: string): string {
  let name = wanted
  for (let copy = taken.size; taken.has(name); copy++) name = `${wanted} ${copy}`
  taken.add(name)
  return name
}

/** One operator of the file, while it is written as ONNX nodes. */
export class Operation {
  readonly builder: Builder
  /** TFLite's name. */
  readonly name: string
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly #options: FlatTable | undefined

  constructor(builder: Builder, table: FlatTable, name: string) {
    this.name = name
    this.builder = builder
    this.inputs = table.ints(schema.operator.inputs) ?? []
    this.outputs = table.ints(schema.operator.outputs) ?? []
    this.#options = table.table(schema.operator.builtinOptions)
  }

  /** Whether an optional input is there; −1 marks one that is not. */
  has = (input: number): boolean => (this.inputs[input] ?? -1) >= 0

  /** The index of a tensor that must be there. */
  input(input: number): number {
    const index = this.inputs[input] ?? -1
    if (index < 0) throw badFile(`an operator lacks its input ${input + 1}`)
    return index
  }

  real = (input = 0): string => this.builder.real(this.input(input))

  /** The integers of a constant input, such as axes. */
  integers = (input: number): number[] => this.builder.integers(this.input(input))

  get output(): number {
    const [output] = this.outputs
    if (output === undefined) throw badFile('an operator has no output')
    return output
  }

  int = (field: number, fallback = 0): number => this.#options?.int(field, fallback) ?? fallback
  byte = (field: number): number => this.#options?.byte(field) ?? 0
  flag = (field: number): boolean => this.#options?.flag(field) ?? false
  float = (field: number, fallback = 0): number => this.#options?.float(field, fallback) ?? fallback
  ints = (field: number): number[] | undefined => this.#options?.ints(field)

  finish(value: string, half: 'even' | 'away' = 'even'): void {
    this.builder.finish(this.output, value, { half })
  }

  finishMoved(value: string): void {
    this.builder.finishMoved(this.output, value, this.input(0))
  }
}

/** How an operator of TFLite is written as ONNX nodes; images have channels last. */
export type Rule = (operation: Operation) => void
