import { present } from '../core/must.ts'
import type { Graph, Node } from '../core/graph/graph.ts'
import { familyOf, type Family } from '../core/network/family.ts'
import { INPUT } from '../core/network/layer-model.ts'
import type { LayerModel, LinearLayer, LinearMap } from '../core/network/layer-model.ts'
import { normalise } from '../core/normalise/normalise.ts'
import { UserError } from '../core/errors.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { openGraph, type NetworkRequest } from './open-network.ts'
import { weightPicture, type WeightPicture } from './weight-picture.ts'

/** A network as a picture needs it: who feeds whom, and what each node holds. */
export interface NetworkPicture {
  readonly nodes: readonly PictureNode[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

export interface PictureNode {
  readonly id: string
  readonly operator: string
  readonly family: Family
  /** Names of the ONNX nodes it stands for; itself in the original. */
  readonly sources: readonly string[]
  /** [channels, height, width], where it is known. */
  readonly shape?: readonly number[]
  /** Of its window, as the file has them. */
  readonly attributes?: readonly { readonly name: string; readonly value: string }[]
  readonly weights?: WeightSummary
}

export interface WeightSummary {
  readonly count: number
  readonly least: number
  readonly most: number
  readonly mean: number
  readonly deviation: number
  /** Counts in equal bins from `least` to `most`. */
  readonly histogram: readonly number[]
  /** Of the first weights; absent where they have no shape to show. */
  readonly picture?: WeightPicture
}

export interface Description {
  readonly original: NetworkPicture
  /** Absent where the network cannot be protected. */
  readonly normalised?: NetworkPicture
}

const BINS = 32

/** Draws a network, as it is and as it becomes. @throws UserError as `openGraph`, several-inputs, bad-node, … */
export async function describe(request: NetworkRequest, work: WorkContext): Promise<Description> {
  const graph = await openGraph(request)
  throwIfCancelled(work)
  const original = originalPicture(graph)
  try {
    return { original, normalised: normalisedPicture(normalise(graph, request)) }
  } catch (error) {
    if (error instanceof UserError && error.code === 'unsupported-operators') return { original }
    throw error
  }
}

/** Constants are part of the node they feed. */
function originalPicture(graph: Graph): NetworkPicture {
  const drawn = graph.nodes.filter(({ operator }) => operator !== 'Constant')
  const producer = new Map<string, string>(graph.inputs.map(({ name }) => [name, name]))
  for (const node of drawn) for (const output of node.outputs) producer.set(output, node.name)
  const inputs = graph.inputs.map(({ name, shape }) => ({
    id: name,
    operator: 'Input',
    family: 'other' as const,
    sources: [],
    ...(shape?.every((dim) => typeof dim === 'number') && { shape: shape.slice(1) }),
  }))
  const nodes = drawn.map(({ name, operator, inputs, attributes }) => {
    const weights = inputs.flatMap((input) => {
      const tensor = graph.constants.get(input)
      return tensor && tensor.elementType === 'float' ? [tensor] : []
    })
    const [first] = weights
    const picture = first && weightPicture(first.data, first.shape)
    const summary = summaryOf(
      weights.map(({ data }) => data),
      picture,
    )
    return { id: name, operator, family: familyOf(operator), sources: [name], ...attributesOf(attributes), ...summary }
  })
  const edges = drawn.flatMap(({ name, inputs }) =>
    inputs.flatMap((input) => {
      const from = producer.get(input)
      return from === undefined ? [] : [{ from, to: name }]
    }),
  )
  return { nodes: [...inputs, ...nodes], edges }
}

const windowWords: Readonly<Record<string, string>> = {
  kernel_shape: 'Kernel',
  strides: 'Stride',
  pads: 'Padding',
  auto_pad: 'Padding rule',
  dilations: 'Dilation',
  group: 'Groups',
}

function attributesOf(attributes: Node['attributes']): Pick<PictureNode, 'attributes'> {
  const found = Object.entries(windowWords).flatMap(([key, name]) => {
    const value = attributes[key]
    if (typeof value === 'number' || typeof value === 'string') return [{ name, value: String(value) }]
    return Array.isArray(value) ? [{ name, value: value.join(' × ') }] : []
  })
  return found.length > 0 ? { attributes: found } : {}
}

function normalisedPicture(model: LayerModel): NetworkPicture {
  const edges: { from: string; to: string }[] = []
  const nodes = model.layers.map((layer): PictureNode => {
    const { id, sources, shape } = layer
    const from = layer.kind === 'linear' ? layer.terms.map(({ input }) => input) : [layer.input]
    for (const input of new Set(from)) edges.push({ from: input, to: id })
    const placed = { id, sources, shape }
    if (layer.kind === 'activation') return { ...placed, operator: layer.activation.operator, family: 'activation' }
    if (layer.kind === 'max-pool') return { ...placed, operator: 'MaxPool', family: 'activation' }
    const maps = layer.terms.map(({ map }) => map)
    const weights = [...maps.map((map) => (map.kind === 'sparse' ? map.values : map.weight)), layer.bias]
    return {
      ...placed,
      operator: `linear (${maps.map(({ kind }) => kind).join(' + ')})`,
      family: 'linear',
      ...summaryOf(weights, pictureOf(present(maps[0]), layer)),
    }
  })
  return {
    nodes: [{ id: INPUT, operator: 'Input', family: 'other', sources: [], shape: model.input.shape }, ...nodes],
    edges,
  }
}

function pictureOf(map: LinearMap, { shape: [channels, height, width] }: LinearLayer): WeightPicture | undefined {
  if (map.kind === 'sparse') return undefined
  if (map.kind === 'dense') {
    const outputs = channels * height * width
    return weightPicture(map.weight, [outputs, map.weight.length / outputs])
  }
  const size = map.kernel[0] * map.kernel[1]
  return weightPicture(map.weight, [channels, map.weight.length / size / channels, ...map.kernel])
}

function summaryOf(arrays: readonly Float64Array[], picture?: WeightPicture): { weights?: WeightSummary } {
  const count = arrays.reduce((sum, { length }) => sum + length, 0)
  if (count === 0) return {}
  let [least, most, sum, squares] = [Infinity, -Infinity, 0, 0]
  for (const array of arrays) {
    for (const value of array) {
      least = Math.min(least, value)
      most = Math.max(most, value)
      sum += value
      squares += value * value
    }
  }
  const histogram = new Array<number>(BINS).fill(0)
  const perBin = BINS / (most - least || 1)
  for (const array of arrays) {
    for (const value of array) {
      const bin = Math.min(BINS - 1, Math.floor((value - least) * perBin))
      histogram[bin] = present(histogram[bin]) + 1
    }
  }
  const mean = sum / count
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean))
  return { weights: { count, least, most, mean, deviation, histogram, ...(picture && { picture }) } }
}
