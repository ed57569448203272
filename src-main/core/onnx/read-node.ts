import { UserError } from '../errors.ts'
import type { AttributeValue, Node, Subgraph, Tensor } from '../graph/graph.ts'
import { readTensor, type ExternalData } from './read-tensor.ts'
import {
  attributeTypes,
  toNumber,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from './schema.ts'

const utf8 = new TextDecoder()

/** One node with its attributes; the name may be empty. */
export function readNode(proto: NodeProto, externalData?: ExternalData): Node {
  const attributes: Record<string, AttributeValue> = Object.create(null) as Record<string, AttributeValue>
  for (const attribute of proto.attribute) {
    const value = readAttribute(attribute, proto, externalData)
    if (value !== undefined) attributes[attribute.name ?? ''] = value
  }
  return {
    name: proto.name ?? '',
    operator: proto.opType ?? '',
    domain: proto.domain === 'ai.onnx' ? '' : (proto.domain ?? ''),
    inputs: proto.input,
    outputs: proto.output,
    attributes,
    ...(proto.functionOpset !== undefined && { opset: proto.functionOpset }),
  }
}

/** Throws 'bad-graph' for a name given twice. */
export function readInitializers(protos: readonly TensorProto[], externalData?: ExternalData): Map<string, Tensor> {
  const constants = new Map<string, Tensor>()
  for (const proto of protos) {
    const name = proto.name ?? ''
    if (constants.has(name)) throw new UserError('bad-graph', `Initialiser “${name}” is given twice.`)
    constants.set(name, readTensor(proto, name, externalData))
  }
  return constants
}

function readBranch(proto: GraphProto, externalData?: ExternalData): Subgraph {
  return {
    nodes: proto.node.map((node) => readNode(node, externalData)),
    constants: readInitializers(proto.initializer, externalData),
    outputs: proto.output.map(({ name }) => name ?? ''),
  }
}

/** Undefined for subgraphs and types that no supported operator has. */
function readAttribute(
  proto: AttributeProto,
  node: NodeProto,
  externalData?: ExternalData,
): AttributeValue | undefined {
  if (proto.branch) return readBranch(proto.branch, externalData)
  switch (proto.type || guessType(proto)) {
    case attributeTypes.float:
      return proto.f ?? 0
    case attributeTypes.int:
      return toNumber(proto.i)
    case attributeTypes.string:
      return Object.hasOwn(proto, 's') ? utf8.decode(proto.s) : ''
    case attributeTypes.tensor:
      if (proto.t) return readTensor(proto.t, `${node.name || node.opType}.${proto.name}`, externalData)
      throw new UserError('bad-attribute', `Attribute “${proto.name}” of “${node.name}” has no tensor.`)
    case attributeTypes.floats:
      return proto.floats
    case attributeTypes.ints:
      return proto.ints.map(toNumber)
    case attributeTypes.strings:
      return proto.strings.map((text) => utf8.decode(text))
    default:
      return undefined
  }
}

/** Files older than IR version 2 (2017) carry no type: the field that is set tells. */
function guessType(proto: AttributeProto): number | undefined {
  const isSet = (field: keyof AttributeProto): boolean => Object.hasOwn(proto, field)
  if (isSet('f')) return attributeTypes.float
  if (isSet('i')) return attributeTypes.int
  if (isSet('s')) return attributeTypes.string
  if (isSet('t')) return attributeTypes.tensor
  if (proto.floats.length > 0) return attributeTypes.floats
  if (proto.ints.length > 0) return attributeTypes.ints
  return proto.strings.length > 0 ? attributeTypes.strings : undefined
}
