import type { Graph } from '../graph/graph.ts'
import { parametersOfGraph, parametersOfNode } from '../graph/parameters.ts'
import { examine } from './examine.ts'
import type { Ends } from './first-tensor.ts'
import { withoutLikelyIdleClamps } from './calibrate-clamps.ts'
import type { Finish, LayerModel, ModelInput, Shape } from '../network/layer-model.ts'
import { multiplicationsOf, parametersOf } from '../network/linear-maps.ts'
import type { UnsupportedNode } from './lower.ts'
import type { Choice } from './prune.ts'
import { inputsOf, shapesOf } from '../network/run-layers.ts'
import { must, present } from '../must.ts'

type Layer = LayerModel['layers'][number]

/** What can be told about a network before any key exists. Plain data, fit for JSON. */
export interface PreflightReport extends Ends {
  readonly supported: boolean
  /** Every node that stands in the way, in the graph's order. */
  readonly unsupported: readonly UnsupportedNode[]
  readonly nodes: readonly NodeReport[]
  /** Empty where the network is not supported. */
  readonly layers: readonly LayerReport[]
  readonly input: ModelInput | undefined
  readonly finish: Finish
  /** Operators of what the owner does after that; absent where there is nothing. */
  readonly tail?: readonly string[]
  /** Multiplicative depth with quadratic activations: one per run of linear layers, one per activation. */
  readonly depth: number
  /** Trained numbers of the file. */
  readonly parameters: number
  /** Weights and biases of the layers, which are encrypted: more where a pooling becomes a convolution. */
  readonly encryptedValues: number
  readonly multiplications: number
  /** Ring size, bundle and key bytes, seconds: filled in by those who know the plan. */
  readonly estimate?: unknown
}

export interface NodeReport {
  readonly node: string
  readonly operator: string
  /** Of the first output, for one sample; absent where it cannot be told. */
  readonly shape?: readonly number[]
  /** Trained numbers that it reads. */
  readonly parameters: number
  readonly multiplications: number
  /** The ids of the layers it is part of, or 'constant', 'view' (only moves values), 'after decryption', 'unsupported', 'unused'. */
  readonly becomes: string
}

export interface LayerReport {
  readonly id: string
  readonly kind: Layer['kind']
  /** The activation's name; empty for others. */
  readonly detail: string
  readonly shape: Shape
  readonly sources: readonly string[]
  readonly parameters: number
  readonly multiplications: number
}

/** Throws UserError only for graphs that break ONNX's rules, or where an input or output must be chosen. */
export function preflight(graph: Graph, choice: Choice = {}): PreflightReport {
  const { model, network, unsupported, outcomes, constants, afterDecryption, lastTensor, firstTensor } = examine(
    graph,
    choice,
  )
  const drafts = new Map(network.layers.map((layer) => [layer.id, reportLayer(layer, network.shapeOf)]))
  const shapes = model && shapesOf(model)
  const layers = model?.layers.map((layer) => reportLayer(layer, (id) => must(present(shapes), id))) ?? []
  // A node of integers may have become several; the last of them has its output.
  const byNode = Map.groupBy(outcomes, ({ node }) => node.name)
  // Nodes of a written-out activation are element-wise: all have its shape.
  const onnxShapes = new Map(outcomes.flatMap(({ sources, shape }) => sources.map((name) => [name, shape] as const)))
  const refused = new Set(unsupported.map(({ node }) => node))
  const homes = new Map<string, string[]>()
  for (const layer of model?.layers ?? network.layers) {
    for (const node of layer.sources) homes.set(node, [...(homes.get(node) ?? []), layer.id])
  }
  const fate = (name: string, outputs: readonly string[]): string => {
    if (refused.has(name)) return 'unsupported'
    if (afterDecryption?.has(name)) return 'after decryption'
    const home = homes.get(name)?.join(', ')
    if (home !== undefined) return home
    if (outputs.some((output) => constants.has(output))) return 'constant'
    return byNode.has(name) ? 'view' : 'unused'
  }
  const nodes = graph.nodes.map((node): NodeReport => {
    const { name, operator, outputs } = node
    const own = byNode.get(name) ?? []
    const shape = own.at(-1)?.shape ?? onnxShapes.get(name) ?? constants.get(outputs[0] ?? '')?.shape
    const made = own.flatMap(({ layers }) => layers).map((id) => must(drafts, id))
    return {
      node: name,
      operator,
      ...(shape && { shape }),
      parameters: parametersOfNode(node, graph.constants),
      multiplications: total(made.map(({ multiplications }) => multiplications)),
      becomes: fate(name, outputs),
    }
  })
  return {
    supported: unsupported.length === 0,
    unsupported,
    ...(lastTensor !== undefined && { lastTensor }),
    ...(firstTensor !== undefined && { firstTensor }),
    nodes,
    layers,
    input: model?.input,
    finish: network.finish,
    ...(model?.tail && { tail: model.tail.nodes.map(({ operator }) => operator) }),
    depth: model ? depthOf(withoutLikelyIdleClamps(model)) : 0,
    parameters: parametersOfGraph(graph),
    encryptedValues: total(layers.map(({ parameters }) => parameters)),
    multiplications: total(layers.map(({ multiplications }) => multiplications)),
  }
}

function reportLayer(layer: Layer, shapeOf: (id: string) => Shape): LayerReport {
  const { id, kind, shape, sources } = layer
  const detail = kind === 'activation' ? layer.activation.operator : ''
  if (kind !== 'linear') return { id, kind, detail, shape, sources, parameters: 0, multiplications: 0 }
  const parameters = total(layer.terms.map(({ map }) => parametersOf(map))) + layer.bias.filter((b) => b !== 0).length
  const multiplications = total(layer.terms.map(({ input, map }) => multiplicationsOf(map, shapeOf(input), shape)))
  return { id, kind, detail, shape, sources, parameters, multiplications }
}

/** Linear layers that follow each other count once: they can be one map. */
export function depthOf(model: LayerModel): number {
  const depths = new Map<string, number>()
  const linear = new Set<string>()
  for (const layer of model.layers) {
    const isLinear = layer.kind === 'linear'
    if (isLinear) linear.add(layer.id)
    const before = inputsOf(layer).map((id) => (depths.get(id) ?? 0) - (isLinear && linear.has(id) ? 1 : 0))
    depths.set(layer.id, Math.max(0, ...before) + 1)
  }
  return depths.get(model.output) ?? 0
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0)
