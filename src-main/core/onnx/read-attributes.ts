import { UserError } from '../errors.ts'
import type { AttributeValue } from '../graph/graph.ts'
import { readTensor, type ExternalData } from './read-tensor.ts'
import { attributeTypes, toNumber, type AttributeProto, type NodeProto } from './schema.ts'

const utf8 = new TextDecoder()

/** A node's attributes by name; subgraphs and types no supported operator has are left out. */
export function readAttributes(node: NodeProto, externalData?: ExternalData): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = Object.create(null)
  for (const proto of node.attribute) {
    const value = readAttribute(proto, node, externalData)
    if (value !== undefined) attributes[proto.name ?? ''] = value
  }
  return attributes
}

function readAttribute(
  proto: AttributeProto,
  node: NodeProto,
  externalData?: ExternalData,
): AttributeValue | undefined {
  switch (proto.type || guessType(proto)) {
    case attributeTypes.float:
      return proto.f ?? 0
    case attributeTypes.int:
      return toNumber(proto.i)
    case attributeTypes.string:
      return utf8.decode(proto.s)
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
