import protobuf from 'protobufjs/light.js'

/**
 * The messages of onnx.proto3 that an inference network needs, with ONNX's field numbers
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3). A subgraph attribute is declared as bytes: no supported
 * operator has one but If, whose branches are decoded one level at a time, so a file cannot make the parser recurse.
 */
const optional = (type: string, id: number) => ({ type, id })
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id })

const schema = {
  nested: {
    onnx: {
      nested: {
        ModelProto: {
          fields: {
            irVersion: optional('int64', 1),
            producerName: optional('string', 2),
            producerVersion: optional('string', 3),
            graph: optional('GraphProto', 7),
            opsetImport: repeated('OperatorSetIdProto', 8),
            metadataProps: repeated('StringStringEntryProto', 14),
            functions: repeated('FunctionProto', 25),
          },
        },
        OperatorSetIdProto: { fields: { domain: optional('string', 1), version: optional('int64', 2) } },
        GraphProto: {
          fields: {
            node: repeated('NodeProto', 1),
            name: optional('string', 2),
            initializer: repeated('TensorProto', 5),
            input: repeated('ValueInfoProto', 11),
            output: repeated('ValueInfoProto', 12),
            sparseInitializer: repeated('bytes', 15),
          },
        },
        NodeProto: {
          fields: {
            input: repeated('string', 1),
            output: repeated('string', 2),
            name: optional('string', 3),
            opType: optional('string', 4),
            attribute: repeated('AttributeProto', 5),
            domain: optional('string', 7),
            overload: optional('string', 8),
          },
        },
        AttributeProto: {
          fields: {
            name: optional('string', 1),
            f: optional('float', 2),
            i: optional('int64', 3),
            s: optional('bytes', 4),
            t: optional('TensorProto', 5),
            g: optional('bytes', 6),
            floats: repeated('float', 7),
            ints: repeated('int64', 8),
            strings: repeated('bytes', 9),
            type: optional('int32', 20),
            refAttrName: optional('string', 21),
          },
        },
        FunctionProto: {
          fields: {
            name: optional('string', 1),
            input: repeated('string', 4),
            output: repeated('string', 5),
            attribute: repeated('string', 6),
            node: repeated('NodeProto', 7),
            opsetImport: repeated('OperatorSetIdProto', 9),
            domain: optional('string', 10),
            attributeProto: repeated('AttributeProto', 11),
            overload: optional('string', 13),
          },
        },
        ValueInfoProto: { fields: { name: optional('string', 1), type: optional('TypeProto', 2) } },
        TypeProto: { fields: { tensorType: optional('TensorTypeProto', 1) } },
        TensorTypeProto: { fields: { elemType: optional('int32', 1), shape: optional('TensorShapeProto', 2) } },
        TensorShapeProto: { fields: { dim: repeated('DimensionProto', 1) } },
        DimensionProto: { fields: { dimValue: optional('int64', 1), dimParam: optional('string', 2) } },
        TensorProto: {
          fields: {
            dims: repeated('int64', 1),
            dataType: optional('int32', 2),
            floatData: repeated('float', 4),
            int32Data: repeated('int32', 5),
            stringData: repeated('bytes', 6),
            int64Data: repeated('int64', 7),
            name: optional('string', 8),
            rawData: optional('bytes', 9),
            doubleData: repeated('double', 10),
            uint64Data: repeated('uint64', 11),
            externalData: repeated('StringStringEntryProto', 13),
            dataLocation: optional('int32', 14),
          },
        },
        StringStringEntryProto: { fields: { key: optional('string', 1), value: optional('string', 2) } },
      },
    },
  },
}

/** Decoder and encoder of whole model files. */
const root = protobuf.Root.fromJSON(schema)
export const ModelMessage: protobuf.Type = root.lookupType('onnx.ModelProto')
export const GraphMessage: protobuf.Type = root.lookupType('onnx.GraphProto')

/** protobufjs hands 64-bit integers over as `Long` objects, or as numbers. */
export type Int64 = number | { toNumber(): number }

/** 0 where the field is absent, as in protobuf. */
export const toNumber = (value: Int64 | undefined): number =>
  value === undefined ? 0 : typeof value === 'number' ? value : value.toNumber()

/** AttributeProto.AttributeType, as far as it is used. */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const

export interface ModelProto {
  readonly irVersion?: Int64
  readonly producerName?: string
  readonly producerVersion?: string
  readonly graph?: GraphProto
  readonly opsetImport: readonly OperatorSetIdProto[]
  readonly metadataProps: readonly { readonly key?: string; readonly value?: string }[]
  readonly functions: readonly FunctionProto[]
}

export interface OperatorSetIdProto {
  readonly domain?: string
  readonly version?: Int64
}

export interface GraphProto {
  readonly node: readonly NodeProto[]
  readonly name?: string
  readonly initializer: readonly TensorProto[]
  readonly input: readonly ValueInfoProto[]
  readonly output: readonly ValueInfoProto[]
  readonly sparseInitializer: readonly Uint8Array[]
}

export interface NodeProto {
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly name?: string
  readonly opType?: string
  readonly attribute: readonly AttributeProto[]
  readonly domain?: string
  readonly overload?: string
  /** Of the function that the node comes from, set by inlineFunctions. */
  readonly functionOpset?: number
}

export interface AttributeProto {
  readonly name?: string
  readonly f?: number
  readonly i?: Int64
  readonly s?: Uint8Array
  readonly t?: TensorProto
  readonly g?: Uint8Array
  /** `g` of an If, decoded by inlineFunctions. */
  readonly branch?: GraphProto
  readonly floats: readonly number[]
  readonly ints: readonly Int64[]
  readonly strings: readonly Uint8Array[]
  readonly type?: number
  readonly refAttrName?: string
}

export interface FunctionProto {
  readonly name?: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly string[]
  readonly node: readonly NodeProto[]
  readonly opsetImport: readonly OperatorSetIdProto[]
  readonly domain?: string
  readonly attributeProto: readonly AttributeProto[]
  readonly overload?: string
}

export interface ValueInfoProto {
  readonly name?: string
  readonly type?: {
    readonly tensorType?: {
      readonly elemType?: number
      readonly shape?: { readonly dim: readonly { readonly dimValue?: Int64; readonly dimParam?: string }[] }
    }
  }
}

export interface TensorProto {
  readonly dims: readonly Int64[]
  readonly dataType?: number
  readonly floatData: readonly number[]
  readonly int32Data: readonly number[]
  readonly stringData: readonly Uint8Array[]
  readonly int64Data: readonly Int64[]
  readonly name?: string
  readonly rawData?: Uint8Array
  readonly doubleData: readonly number[]
  readonly uint64Data: readonly Int64[]
  readonly externalData: readonly { readonly key?: string; readonly value?: string }[]
  readonly dataLocation?: number
}
