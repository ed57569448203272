import { UserError } from '../errors.ts'
import type { Graph, Node, ValueInfo } from '../graph/graph.ts'
import { topologicalSort } from '../graph/topological-sort.ts'
import { foreignFile } from './foreign-files.ts'
import { inlineFunctions } from './inline-functions.ts'
import { readInitializers, readNode } from './read-node.ts'
import { integerTypeOf } from '../graph/integer-types.ts'
import { elementTypeOf, type ExternalData } from './read-tensor.ts'
import { ModelMessage, toNumber, type ModelProto, type OperatorSetIdProto, type ValueInfoProto } from './schema.ts'

/** Operator sets of the default domain that the linked ONNX Runtime runs. */
export const newestOpset = 26

export interface ReadOnnxOptions {
  /** Loads external data files; without it a model that has any is refused. */
  readonly externalData?: ExternalData
  /** Shown as the network's name where the file has none. */
  readonly name?: string
}

/**
 * Parses an ONNX file. Throws UserError: 'not-onnx' (not protobuf, cut off, no graph), 'unsupported-opset',
 * 'bad-graph', 'bad-tensor', 'bad-attribute'.
 */
export function readOnnx(bytes: Uint8Array, options: ReadOnnxOptions = {}): Graph {
  const model = decode(bytes)
  if (!model.graph) {
    refuseForeign(bytes)
    throw new UserError('not-onnx', 'The file holds no ONNX graph.', { hint: 'Give a model exported as .onnx.' })
  }
  if (model.graph.output.length === 0) throw new UserError('bad-graph', 'The graph has no output.')
  const opset = opsetOf(model.opsetImport)
  if (model.graph.sparseInitializer.length > 0) {
    throw new UserError('bad-tensor', 'Sparse initialisers are not supported.', { hint: 'Export dense weights.' })
  }
  const externalData = options.externalData && countedApart(options.externalData)
  const constants = readInitializers(model.graph.initializer, externalData)
  const inputs = model.graph.input.map(readValueInfo).filter(({ name }) => !constants.has(name))
  const expanded = inlineFunctions(model.graph.node, model.functions)
  const nodes = nameNodes(expanded.map((node) => readNode(node, externalData)))
  return {
    name: model.graph.name || options.name || 'network',
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    opset,
    inputs,
    outputs: model.graph.output.map(readValueInfo),
    nodes: topologicalSort(nodes, [...constants.keys(), ...inputs.map(({ name }) => name)]),
    constants,
    metadata: new Map(model.metadataProps.map(({ key = '', value = '' }) => [key, value])),
  }
}

/** The same files in views of their own, so that what one reading takes of them is not counted with another's. */
function countedApart(externalData: ExternalData): ExternalData {
  const views = new Map<string, Uint8Array>()
  return (location) => {
    const view = views.get(location) ?? externalData(location).subarray()
    views.set(location, view)
    return view
  }
}

function decode(bytes: Uint8Array): ModelProto {
  if (bytes.byteLength === 0) throw new UserError('not-onnx', 'The file is empty.')
  try {
    return ModelMessage.decode(bytes) as unknown as ModelProto
  } catch (cause) {
    refuseForeign(bytes)
    throw new UserError('not-onnx', 'The file is not ONNX, or it is damaged or cut off.', {
      hint: 'Give a model exported as .onnx, and copy it again if it was downloaded.',
      cause,
    })
  }
}

/** Throws 'not-onnx' where the file's first bytes say what it is instead. */
function refuseForeign(bytes: Uint8Array): void {
  const foreign = foreignFile(bytes)
  if (foreign)
    throw new UserError('not-onnx', `The file is not an ONNX model: it is ${foreign.what}.`, { hint: foreign.hint })
}

function opsetOf(imports: readonly OperatorSetIdProto[]): number {
  const standard = imports.find(({ domain }) => !domain || domain === 'ai.onnx')
  const opset = toNumber(standard?.version)
  if (opset >= 1 && opset <= newestOpset) return opset
  const found = standard ? `The model uses ONNX operator set ${opset}` : 'The model names no ONNX operator set'
  throw new UserError('unsupported-opset', `${found}; 1 to ${newestOpset} can be read.`, {
    hint: 'Export it again with operator set 17.',
  })
}

function readValueInfo(proto: ValueInfoProto): ValueInfo {
  const tensor = proto.type?.tensorType
  const shape = tensor?.shape?.dim.map((dimension, axis) => {
    const size = toNumber(dimension.dimValue)
    return Number.isSafeInteger(size) && size > 0 ? size : dimension.dimParam || `dynamic_${axis}`
  })
  const integer = integerTypeOf(tensor?.elemType)
  return { name: proto.name ?? '', elementType: elementTypeOf(tensor?.elemType), shape, ...(integer && { integer }) }
}

/** Gives every node a name of its own: ONNX's where it has one, else `<operator>_<index>`. */
function nameNodes(nodes: readonly Node[]): Node[] {
  const taken = new Set<string>()
  return nodes.map((node, index) => {
    const wanted = node.name || `${node.operator}_${index}`
    let name = wanted
    for (let copy = 2; taken.has(name); copy++) name = `${wanted}_${index}_${copy}`
    taken.add(name)
    return { ...node, name }
  })
}
