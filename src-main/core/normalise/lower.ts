import { present } from '../must.ts'
import { UserError } from '../errors.ts'
import type { Graph, Node } from '../graph/graph.ts'
import { countOf, sameShape } from '../graph/shapes.ts'
import { Budget } from './budget.ts'
import { chooseInput, type ChosenInput } from './choose-input.ts'
import { INPUT, sizeOf, type LayerId } from '../network/layer-model.ts'
import { imageShape, NetworkBuilder, type InputForm } from './network-builder.ts'
import { integerFaults } from './integer-arithmetic.ts'
import { lastNodes } from './last-nodes.ts'
import { Refusal } from './operation.ts'
import type { Choice } from './prune.ts'
import { heldBy, missingOutput, placed, runNode, takenBranch } from './run-node.ts'
import { constantOf, shapeOf, unknown, type UnsupportedNode, type Value, type View } from './values.ts'

export type { UnsupportedNode } from './values.ts'

type OriginsOf = (node: Node) => readonly string[]
type LowerChoice = Pick<Choice, 'onIntegers' | 'inputForm'>

/** What became of one node: its output's ONNX shape, where known, and the layers made for it. */
export interface NodeOutcome {
  readonly node: Node
  /** The file's nodes that it stands for. */
  readonly sources: readonly string[]
  readonly shape: readonly number[] | undefined
  readonly layers: readonly LayerId[]
}

/** One graph and the input to lower it for. */
interface Task {
  readonly graph: Graph
  readonly originsOf: OriginsOf
  readonly input: ChosenInput
  readonly choice: LowerChoice
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
export function lower(graph: Graph, originsOf: OriginsOf, choice: LowerChoice = {}): Lowered {
  const [asBatch, asSample] = chooseInput(graph)
  const lowerAs = (input: ChosenInput): Lowered => lowerInput({ graph, originsOf, input, choice })
  if (!asSample) return lowerAs(present(asBatch))
  const batched = attempt(() => lowerAs(present(asBatch)))
  if (batched.value) return batched.value
  const single = attempt(() => lowerAs(asSample))
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

/** Lowers with the plain form of the input first; its first use as an image may show another. A form that is chosen stays. */
function lowerInput(task: Task): Lowered {
  const { boundShape, form } = task.input
  const { inputForm } = task.choice
  if (inputForm && sizeOf(inputForm.shape) === countOf(boundShape)) return lowerWith(task, inputForm, true)
  const plain: InputForm = { shape: imageShape(boundShape), layout: 'nchw' }
  const lowered = lowerWith(task, plain, false)
  const isPlain = form.layout === 'nchw' && sameShape(form.shape, plain.shape)
  const isSettled = isPlain || lowered.form !== plain || lowered.network.inputIsImage
  return isSettled ? lowered : lowerWith(task, form, true)
}

/** Lowers with one form of the input, and again where a use of the input shows another; a final form stays. */
function lowerWith(task: Task, form: InputForm, formIsFinal: boolean): Lowered {
  const result = new Lowering(task, form, formIsFinal).run()
  return 'network' in result ? result : lowerWith(task, result, true)
}

/** What is known while the nodes of a graph become layers, one after the other. */
class Lowering {
  readonly #network: NetworkBuilder
  readonly #values = new Map<string, Value>()
  readonly #task: Task
  readonly #form: InputForm
  readonly #unsupported: UnsupportedNode[] = []
  readonly #outcomes: NodeOutcome[] = []
  readonly #supported: string[] = []
  /** Values that an unsupported node had a part in. */
  readonly #tainted = new Set<string>()
  readonly #held = new WeakSet<NonNullable<ReturnType<typeof heldBy>>>()
  readonly #last: ReadonlySet<Node>
  readonly #faults: ReadonlyMap<Node, string>

  constructor(task: Task, form: InputForm, formIsFinal: boolean) {
    const { graph, input, choice } = task
    this.#task = task
    this.#form = form
    this.#last = lastNodes(graph)
    this.#faults = integerFaults(graph)
    const budget = new Budget(graph.constants.values())
    this.#network = new NetworkBuilder(input.batch, input.onnxShape, form, formIsFinal, budget, choice.onIntegers)
    for (const [name, tensor] of graph.constants) this.#values.set(name, constantOf(tensor))
    this.#values.set(input.name, input.isNumeric ? inputView(input, form) : unknown)
  }

  /** The layers of the graph, or another form of the input with which to begin again. */
  run(): Lowered | InputForm {
    const pending = [...this.#task.graph.nodes].reverse()
    for (let node = pending.pop(); node; node = pending.pop()) {
      const branch = takenBranch(node, this.#values)
      if (branch) pending.push(...branch.toReversed())
      else this.#lowerNode(node)
      if (this.#network.otherForm) return this.#network.otherForm
    }
    return this.#finish()
  }

  #lowerNode(node: Node): void {
    const [network, values] = [this.#network, this.#values]
    const sources = this.#task.originsOf(node)
    network.beginNode(node.operator, sources)
    const before = network.layers.length
    const { results, isSupported } = this.#resultsOf(node)
    node.outputs.forEach((name, index) => {
      if (name !== '') values.set(name, results[index] ?? missingOutput(node, index))
    })
    const isSound = isSupported && !node.inputs.some((name) => this.#tainted.has(name))
    for (const name of node.outputs) {
      if (!isSound) this.#tainted.add(name)
      else if (values.get(name)?.kind === 'view') this.#supported.push(name)
    }
    const [first] = results
    const shape = !first || first.kind === 'unknown' ? undefined : shapeOf(first)
    this.#outcomes.push({ node, sources, shape, layers: network.layers.slice(before).map(({ id }) => id) })
  }

  /** Values that share their numbers, as behind an Identity, hold them once. */
  #spendOn(value: Value): void {
    const held = heldBy(value)
    if (!held || this.#held.has(held)) return
    this.#held.add(held)
    // An order has half the bytes of as many numbers.
    this.#network.budget.spend(held.length / (held instanceof Int32Array ? 2 : 1))
  }

  /** A refused node is noted, and a placeholder stands for its result where the shape is known. */
  #resultsOf(node: Node): { results: readonly Value[]; isSupported: boolean } {
    const [network, values] = [this.#network, this.#values]
    try {
      const fault = this.#faults.get(node)
      if (fault !== undefined) throw new Refusal(fault, castFirst)
      const opset = node.opset ?? this.#task.graph.opset
      const results = runNode(node, opset, values, network, this.#last.has(node))
      for (const value of results) this.#spendOn(value)
      return { results, isSupported: true }
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw placed(refusal, node)
      const { reason, hint, shape } = refusal
      this.#unsupported.push({ node: node.name, operator: node.operator, reason, ...(hint && { hint }) })
      return { results: [shape ? network.addPlaceholder(shape) : unknown], isSupported: false }
    }
  }

  /** Throws UserError where the output is constant, or one sample in gives several out. */
  #finish(): Lowered | InputForm {
    const network = this.#network
    const { graph, input } = this.#task
    const unsupported = [...this.#unsupported]
    const result = this.#values.get(present(graph.outputs[0]).name)
    if (result?.kind === 'constant') throw constantOutput()
    if (unsupported.length === 0 && result?.kind === 'unknown' && result.cause) unsupported.push(result.cause)
    if (unsupported.length === 0) checkOutput(input, this.#values.get(beforeReshaping(graph)))
    network.beginNode('output', [])
    const isView = result?.kind === 'view'
    const output = isView ? outputLayer(network, result) : undefined
    if (network.otherForm) return network.otherForm
    return {
      network,
      input,
      form: this.#form,
      output,
      outputShape: isView ? result.shape : [],
      unsupported,
      outcomes: this.#outcomes,
      supported: this.#supported,
    }
  }
}

const castFirst = 'Cast the input to float in front of it, or begin the network behind it.'

/** The error of a network that gives the same whatever its input is. */
export const constantOutput = (): UserError =>
  new UserError('constant-output', 'The output does not depend on the input.', { hint: 'Check the export.' })

/**
 * What the output is before it is only written in another shape: a network that ends in Reshape to [−1, 1], as scikit-learn's
 * regressors do, gives the values of one sample after those of another.
 */
function beforeReshaping(graph: Graph): string {
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  let { name } = present(graph.outputs[0])
  for (let node = writers.get(name); node && reshaping.has(node.operator); node = writers.get(name))
    [name = ''] = node.inputs
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
