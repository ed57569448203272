import type { Graph, Node, Tensor } from '../graph/graph.ts'
import { countOf } from '../graph/shapes.ts'
import { must, present } from '../must.ts'
import { risingNames } from '../network/activation-table.ts'
import type { OnnxOutput } from '../network/layer-model.ts'
import type { Tail, TailLabel } from '../network/tail.ts'
import { crossesSamples } from './crosses-samples.ts'
import { runTail } from './run-tail.ts'
import { shapeConstants } from './shape-constants.ts'
import type { SplitGraph } from './split-tail.ts'

/** Steps that leave the order of the classes as it is. */
const ordered = new Set([
  ...risingNames,
  ...'Softmax LogSoftmax Round Exp Log Identity Reshape Flatten Squeeze Unsqueeze Cast FakeQuantize Dropout'.split(' '),
])
/** Behind a label, or in front of it: nothing is computed. */
const passive = new Set('Identity Reshape Flatten Squeeze Unsqueeze Cast Dropout'.split(' '))
/** Behind a probability: what is left of it still says yes above one half. */
const ofProbabilities = new Set(['Gather', 'Slice', 'Clip', 'Round', 'Greater', 'GreaterOrEqual'])
const picking = new Set(['ArgMax', 'TopK', 'Hardmax'])

/** Largest tail that a deployment's record holds. */
const maximumConstants = 10_000

/**
 * The tail of a split graph, where it can be computed and said what its labels are; undefined elsewhere. `shapeOf`: of the
 * parts, and of what else the trunk computes, for one sample; `batch`: how many the file takes at once, where that is fixed.
 */
export function describeTail(
  graph: Graph,
  { parts, nodes, derived }: SplitGraph,
  shapeOf: (name: string) => readonly number[] | undefined,
  batch: number,
): Tail | undefined {
  const inputs = parts.map((name) => ({ name, shape: shapeOf(name) ?? [] }))
  const read = new Set(nodes.flatMap((node) => node.inputs))
  const known = [...read].some((name) => derived.has(name)) ? shapeConstants(graph, derived, shapeOf) : graph.constants
  const constants = new Map([...known].filter(([name]) => read.has(name)))
  const numbers = [...constants.values()].reduce((sum, { data }) => sum + data.length, 0)
  if (inputs.some(({ shape }) => shape.length === 0) || numbers > maximumConstants) return undefined
  const outputs = graph.outputs.map(({ name }) => name).filter((name) => !graph.constants.has(name))
  const draft: Tail = { opset: graph.opset, inputs, nodes, constants, outputs, labels: [] }
  const size = inputs.reduce((sum, { shape }) => sum + countOf(shape), 0)
  const tensors = attempt(() => runTail(draft, new Float64Array(size)))
  if (!tensors || outputs.some((name) => !tensors.has(name))) return undefined
  if (batch > 1 && nodes.some((node) => crossesSamples(node, tensors, batch))) return undefined
  return { ...draft, labels: labelsOf(draft, tensors) }
}

/** The file's own outputs, which a tail ends in, for one sample. */
export function outputsOf(tail: Tail): OnnxOutput[] {
  const size = tail.inputs.reduce((sum, { shape }) => sum + countOf(shape), 0)
  const tensors = runTail(tail, new Float64Array(size))
  return tail.outputs.map((name) => {
    const { shape, elementType } = must(tensors, name)
    return { name, shape, elementType }
  })
}

/** One for each output that is not found by the same scores as an earlier one. */
function labelsOf(tail: Tail, tensors: ReadonlyMap<string, Tensor>): TailLabel[] {
  const writers = new Map(tail.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const labels: TailLabel[] = []
  const [only, ...others] = tail.inputs
  const picked = tail.outputs.map((output) => ({ output, from: pickedFrom(output, writers) }))
  for (const { output, from } of picked.toSorted(
    (a, b) => Number(b.from !== undefined) - Number(a.from !== undefined),
  )) {
    const found = from ?? output
    const source = orderedFrom(found, writers)
    const classes = present(tensors.get(found)).data.length
    const isWhole = others.length === 0 && source === only?.name && countOf(only.shape) === classes
    const scores = isWhole ? source : found
    if (labels.some((label) => label.scores === scores)) continue
    labels.push({ output, scores, classes, isProbability: classes === 1 && isProbability(found, writers) })
  }
  return labels
}

type Writers = ReadonlyMap<string, Node>

/** Of an output that is a label: what the label is the largest of. */
function pickedFrom(output: string, writers: Writers): string | undefined {
  for (let name = output, steps = 0; steps < 64; steps++) {
    const node = writers.get(name)
    if (!node) return undefined
    if (picking.has(node.operator)) return node.inputs[0]
    // Gather and ArrayFeatureExtractor look a label's name up: the label is the index.
    const [value = '', index = ''] = node.inputs
    if (node.operator === 'Gather' && writers.has(index)) name = index
    else if (passive.has(node.operator)) name = value
    else return undefined
  }
  return undefined
}

/** As far back as the order of the classes is the same. */
function orderedFrom(output: string, writers: Writers): string {
  let name = output
  for (let node = writers.get(name); node && ordered.has(node.operator); node = writers.get(name))
    [name = ''] = node.inputs
  return name
}

function isProbability(output: string, writers: Writers): boolean {
  let name = output
  for (let node = writers.get(name); node; node = writers.get(name)) {
    if (node.operator === 'Softmax' || node.operator === 'Sigmoid') return true
    if (!passive.has(node.operator) && !ofProbabilities.has(node.operator)) return false
    ;[name = ''] = node.inputs
  }
  return false
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
