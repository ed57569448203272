import { UserError } from '../errors.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { sameShape } from '../graph/shapes.ts'
import { Budget } from './budget.ts'
import { chooseInput, type ChosenInput } from './choose-input.ts'
import { INPUT, sizeOf, type LayerId } from '../network/layer-model.ts'
import { imageShape, InputFormFound, NetworkBuilder, type InputForm } from './network-builder.ts'
import { integerFaults } from './integer-arithmetic.ts'
import { lastNodes } from './last-nodes.ts'
import { constantsOf, FoldOperation, listOf, Operation, Refusal, type Operator } from './operation.ts'
import { probeAffine } from './probe-affine.ts'
import { operatorOf } from './operators/index.ts'
import { isOnnxOperator, refusedOperators } from './operators/refused.ts'
import { constantOf, shapeOf, unknown, type UnsupportedNode, type Value, type View } from './values.ts'

export type { UnsupportedNode } from './values.ts'

type OriginsOf = (node: Node) => readonly string[]

/** What became of one node: its output's ONNX shape, where known, and the layers made for it. */
export interface NodeOutcome {
  readonly node: Node
  /** The file's nodes that it stands for. */
  readonly sources: readonly string[]
  readonly shape: readonly number[] | undefined
  readonly layers: readonly LayerId[]
}

/** Layers of a network, or what stands in the way; with unsupported nodes the layers hold placeholders. */
export interface Lowered {
  readonly network: NetworkBuilder
  readonly input: ChosenInput
  readonly form: InputForm
  readonly output: LayerId | undefined
  readonly outputShape: readonly number[]
  readonly unsupported: readonly UnsupportedNode[]
  readonly outcomes: readonly NodeOutcome[]
  /** Values of the input in the graph's order that no unsupported node had a part in. */
  readonly supported: readonly string[]
}

/**
 * Walks a pruned graph of one input and one output, folding what is constant and turning the rest into layers.
 * `originsOf` names the ONNX nodes a node stands for. Throws UserError for a graph that breaks ONNX's rules.
 */
export function lower(graph: Graph, originsOf: OriginsOf, onIntegers = false): Lowered {
  const [asBatch, asSample] = chooseInput(graph)
  if (!asSample) return lowerInput(graph, originsOf, asBatch, onIntegers)
  const batched = attempt(() => lowerInput(graph, originsOf, asBatch, onIntegers))
  if (batched.value) return batched.value
  const single = attempt(() => lowerInput(graph, originsOf, asSample, onIntegers))
  if (single.value?.unsupported.length === 0) return single.value
  throw batched.error
}

function attempt<T>(run: () => T): { value?: T; error?: unknown } {
  try {
    return { value: run() }
  } catch (error) {
    if (error instanceof UserError) return { error }
    throw error
  }
}

/** Lowers with the plain form of the input first; its first use as an image may show another. */
function lowerInput(graph: Graph, originsOf: OriginsOf, input: ChosenInput, onIntegers: boolean): Lowered {
  const plain: InputForm = { shape: imageShape(input.boundShape), layout: 'nchw' }
  try {
    const lowered = lowerWith(graph, originsOf, input, plain, false, onIntegers)
    const isPlain = input.form.layout === 'nchw' && sameShape(input.form.shape, plain.shape)
    return isPlain || lowered.network.inputIsImage
      ? lowered
      : lowerWith(graph, originsOf, input, input.form, true, onIntegers)
  } catch (found) {
    if (!(found instanceof InputFormFound)) throw found
    return lowerWith(graph, originsOf, input, found.form, true, onIntegers)
  }
}

function lowerWith(
  graph: Graph,
  originsOf: OriginsOf,
  input: ChosenInput,
  form: InputForm,
  inputIsFinal: boolean,
  onIntegers: boolean,
): Lowered {
  const network = new NetworkBuilder(
    input.batch,
    input.onnxShape,
    form,
    inputIsFinal,
    new Budget(graph.constants.values()),
    onIntegers,
  )
  const values = new Map<string, Value>()
  for (const [name, tensor] of graph.constants) values.set(name, constantOf(tensor))
  values.set(input.name, input.isNumeric ? inputView(input, form) : unknown)
  const unsupported: UnsupportedNode[] = []
  const outcomes: NodeOutcome[] = []
  const supported: string[] = []
  const tainted = new Set<string>()
  const last = lastNodes(graph)
  const faults = integerFaults(graph)
  const pending = [...graph.nodes].reverse()
  for (let node = pending.pop(); node; node = pending.pop()) {
    const branch = takenBranch(node, values)
    if (branch) {
      pending.push(...branch.toReversed())
      continue
    }
    const sources = originsOf(node)
    network.beginNode(node.operator, sources)
    const before = network.layers.length
    let results: readonly Value[]
    let isSound = !node.inputs.some((name) => tainted.has(name))
    try {
      const fault = faults.get(node)
      if (fault !== undefined) throw new Refusal(fault, castFirst)
      results = runNode(node, node.opset ?? graph.opset, values, network, last.has(node))
      for (const value of results) network.budget.spend(elementsOf(value))
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw placed(refusal, node)
      isSound = false
      const { reason, hint, shape } = refusal
      unsupported.push({ node: node.name, operator: node.operator, reason, ...(hint && { hint }) })
      results = [shape ? network.addPlaceholder(shape) : unknown]
    }
    node.outputs.forEach((name, index) => {
      if (name !== '') values.set(name, results[index] ?? missingOutput(node, index))
    })
    for (const name of node.outputs) {
      if (!isSound) tainted.add(name)
      else if (values.get(name)?.kind === 'view') supported.push(name)
    }
    const [first] = results
    const shape = !first || first.kind === 'unknown' ? undefined : shapeOf(first)
    outcomes.push({ node, sources, shape, layers: network.layers.slice(before).map(({ id }) => id) })
  }
  const result = values.get(graph.outputs[0].name)
  if (result?.kind === 'constant') throw constantOutput()
  if (unsupported.length === 0 && result?.kind === 'unknown' && result.cause) unsupported.push(result.cause)
  if (unsupported.length === 0) checkOutput(input, values.get(beforeReshaping(graph)))
  network.beginNode('output', [])
  const isView = result?.kind === 'view'
  const output = isView ? outputLayer(network, result) : undefined
  return { network, input, form, output, outputShape: isView ? result.shape : [], unsupported, outcomes, supported }
}

const castFirst = 'Cast the input to float in front of it, or begin the network behind it.'

export const constantOutput = (): UserError =>
  new UserError('constant-output', 'The output does not depend on the input.', { hint: 'Check the export.' })

/**
 * Take branches.
 * Before: y = If(c; A, B). After: A's nodes, or B's, and y = its output.
 * Conditions: c is a constant, as where exporters test the rank of a tensor.
 */
function takenBranch(node: Node, values: Map<string, Value>): readonly Node[] | undefined {
  const condition = values.get(node.inputs[0])
  if (node.operator !== 'If' || node.domain !== '' || condition?.kind !== 'constant') return undefined
  const branch = node.attributes[condition.tensor.data[0] !== 0 ? 'then_branch' : 'else_branch']
  if (typeof branch !== 'object' || !('nodes' in branch)) return undefined
  for (const [name, tensor] of branch.constants) values.set(name, constantOf(tensor))
  const outputs = node.outputs.map((name, index): Node => {
    const inputs = [branch.outputs[index] ?? '']
    return { name: node.name, operator: 'Identity', domain: '', inputs, outputs: [name], attributes: {} }
  })
  return [...branch.nodes, ...outputs]
}

function runNode(
  node: Node,
  opset: number,
  values: ReadonlyMap<string, Value>,
  network: NetworkBuilder,
  isLast: boolean,
): readonly Value[] {
  const operator = operatorOf(node)
  if (!operator) throw unsupportedOperator(node, values)
  const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)))
  const blocked = inputs.find((value) => value?.kind === 'unknown')
  if (blocked) return node.outputs.map(() => blocked)
  const [first] = inputs
  if (network.finish === 'argmax' && first?.kind === 'view' && isLast) return [first]
  const isConstant = inputs.every((value) => !value || value.kind === 'constant')
  if (isConstant) {
    if (!operator.fold) throw new Refusal('all its inputs are constants', 'Simplify the model before exporting it.')
    return constantsOf(operator.fold(new FoldOperation(node, opset, inputs)))
  }
  const operation = new Operation(node, opset, inputs, network, isLast)
  try {
    return listOf(lowered(operator, operation))
  } catch (refusal) {
    const probed = refusal instanceof Refusal ? probeAffine(operator, operation) : undefined
    if (!probed) throw refusal
    return probed
  }
}

function lowered(operator: Operator, operation: Operation): Value | readonly Value[] {
  if (operator.lower) return operator.lower(operation)
  const known = refusedOperators.get(operation.node.operator)
  throw new Refusal(known?.reason ?? 'it is supported for constants only', known?.hint)
}

function unsupportedOperator(node: Node, values: ReadonlyMap<string, Value>): Refusal {
  if (node.domain === 'tflite') {
    return new Refusal(
      'the TFLite operator is not supported',
      'Leave it out, or use operators that are common in CNNs.',
    )
  }
  if (node.domain !== '') {
    return new Refusal(`it belongs to “${node.domain}”, not to ONNX`, hintFor(node.domain))
  }
  if (!isOnnxOperator(node.operator)) {
    const hint =
      'The converter left an operator of another framework in the file. Convert again, with a newer one or without that layer.'
    return new Refusal('ONNX has no such operator: the conversion failed', hint)
  }
  const known = refusedOperators.get(node.operator)
  const first = values.get(node.inputs[0])
  const shape = known?.keepsShape && first?.kind === 'view' ? first.shape : undefined
  return new Refusal(known?.reason ?? 'the operator is not supported', known?.hint, shape)
}

/** How to export without the operators of another domain. */
function hintFor(domain: string): string {
  if (domain === 'com.microsoft.nchwc') {
    return 'ONNX Runtime saved it for one kind of processor: give the file before that, or save with ORT_ENABLE_EXTENDED at most.'
  }
  if (domain !== 'ai.onnx.ml') return 'Export with standard ONNX operators.'
  return 'Choose the probabilities (--output-name), or export without: to_onnx(…, options={"zipmap": False}), trees and vectorisers left out.'
}

/** What a value holds in memory by itself. */
const elementsOf = (value: Value): number =>
  value.kind === 'constant' ? value.tensor.data.length : value.kind === 'view' ? (value.order?.length ?? 0) / 2 : 0

/** An optional output that nobody computes, such as MaxPool's indices; it matters only if the result needs it. */
function missingOutput({ name, operator }: Node, index: number): Value {
  const cause = { node: name, operator, reason: `its output ${index + 1} is not supported` }
  return { kind: 'unknown', cause }
}

/**
 * What the output is before it is only written in another shape: a network that ends in Reshape to [−1, 1], as scikit-learn's
 * regressors do, gives the values of one sample after those of another.
 */
function beforeReshaping(graph: Graph): string {
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  let [{ name }] = graph.outputs
  for (let node = writers.get(name); node && reshaping.has(node.operator); node = writers.get(name))
    [name] = node.inputs
  return name
}
const reshaping = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Cast'])

/** With no node to blame, the input's type or a mixture of samples is what stands in the way. */
function checkOutput(input: ChosenInput, result: Value | undefined): void {
  if (!input.isNumeric) throw new UserError('bad-input', `The input “${input.name}” does not hold numbers.`)
  if (result?.kind === 'view') checkSamples(input, result.shape)
}

/** Throws 'mixed-samples' where one sample in gives several out. */
export function checkSamples(input: ChosenInput, shape: readonly number[]): void {
  if (!input.hasBatch || shape.length < 2) return
  const [samples] = shape
  if (samples === 1 || (input.batch === 1 && !input.isFree)) return
  throw new UserError('mixed-samples', `One sample in gives ${samples} out: the network mixes samples of a batch.`, {
    hint: 'Each sample must be computed by itself; export with batch size 1.',
  })
}

/** Shape rules are checked without knowing the node; this adds it. */
function placed(error: unknown, { name, operator }: Node): unknown {
  if (!(error instanceof UserError) || error.where) return error
  return new UserError(error.code, `${operator} “${name}”: ${error.message}`, { where: { node: name, operator } })
}

function inputView(input: ChosenInput, form: InputForm): View {
  const view: View = { kind: 'view', source: INPUT, shape: input.boundShape }
  if (form.layout === 'nchw') return view
  const [channels, height, width] = form.shape
  const plane = height * width
  const order = Int32Array.from(
    { length: sizeOf(form.shape) },
    (_, index) => (index % channels) * plane + Math.floor(index / channels),
  )
  return { ...view, order }
}

function outputLayer(network: NetworkBuilder, view: View): LayerId {
  const shape = imageShape(view.shape)
  const source = network.shapeOf(view.source)
  const isFlat = !view.order && sizeOf(source) === sizeOf(shape)
  const layer = isFlat && view.source !== INPUT ? view.source : network.asImage(view, shape)
  if (layer !== INPUT) return layer
  return network.sum([{ view, factor: 1 }], view.shape).source
}
