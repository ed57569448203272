import { attributeTypes, GraphMessage, ModelMessage } from '../../src-main/core/onnx/schema.ts'

/** A small ONNX writer for tests, on the reader's own descriptor. */
export interface TestTensor {
  readonly shape: readonly number[]
  readonly values: readonly number[] | Float32Array
  readonly type?: keyof typeof dataTypes
  readonly storage?: 'raw' | 'field' | { location: string; offset?: number; length?: number }
}

export type TestAttribute =
  | number
  | string
  | readonly number[]
  | { float: number }
  | { floats: readonly number[] }
  | { tensor: TestTensor }
  | { branch: TestBranch }

export type TestBranch = Pick<TestModel, 'nodes' | 'outputs' | 'constants'>

export interface TestNode {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, TestAttribute>>
  readonly name?: string
  readonly domain?: string
}

export interface TestValue {
  readonly name: string
  readonly shape: readonly (number | string)[]
  readonly type?: number
}

export interface TestModel {
  readonly opset?: number
  readonly irVersion?: number
  readonly inputs: readonly TestValue[]
  readonly outputs: readonly TestValue[]
  readonly nodes: readonly TestNode[]
  readonly constants?: Readonly<Record<string, TestTensor>>
  readonly functions?: readonly {
    name: string
    domain: string
    inputs: string[]
    outputs: string[]
    attributes?: string[]
    nodes: readonly TestNode[]
    /** The graph's unless told. */
    opset?: number
  }[]
}

const dataTypes = {
  ...{ float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, double: 11 },
  ...{ bfloat16: 16, uint4: 21, int4: 22, uint2: 25, int2: 26 },
}

export function writeModel(model: TestModel): Uint8Array {
  const { opset = 17, irVersion = 8, inputs, outputs, nodes, constants = {}, functions = [] } = model
  const called = [...functions, ...nodes].map(({ domain = '' }) => domain)
  const domains = [...new Set(['', ...called])]
  const opsetImport = domains.map((domain) => ({ domain, version: domain === '' ? opset : 1 }))
  return ModelMessage.encode(
    ModelMessage.fromObject({
      irVersion,
      producerName: 'test',
      opsetImport,
      graph: graphProto({ nodes, constants, inputs, outputs }),
      functions: functions.map((body) => ({
        name: body.name,
        domain: body.domain,
        input: body.inputs,
        output: body.outputs,
        attribute: body.attributes ?? [],
        node: body.nodes.map(nodeProto),
        opsetImport: body.opset === undefined ? opsetImport : [{ domain: '', version: body.opset }],
      })),
    }),
  ).finish()
}

const graphProto = (graph: TestBranch & Partial<TestModel>): object => ({
  name: 'graph',
  node: graph.nodes.map(nodeProto),
  initializer: Object.entries(graph.constants ?? {}).map(([name, tensor]) => ({ name, ...tensorProto(tensor) })),
  input: (graph.inputs ?? []).map(valueProto),
  output: graph.outputs.map(valueProto),
})

const valueProto = ({ name, shape, type = 1 }: TestValue) => {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType: type, shape: { dim } } } }
}

const nodeProto = ({ operator, inputs, outputs, attributes = {}, name = '', domain = '' }: TestNode) => ({
  opType: operator,
  name,
  domain,
  input: inputs,
  output: outputs,
  attribute: Object.entries(attributes).map(([key, value]) => ({ name: key, ...attributeProto(value) })),
})

function attributeProto(value: TestAttribute) {
  if (typeof value === 'number') return { type: attributeTypes.int, i: value }
  if (typeof value === 'string') {
    return value.startsWith('@')
      ? { type: attributeTypes.int, refAttrName: value.slice(1) }
      : { type: attributeTypes.string, s: new TextEncoder().encode(value) }
  }
  if ('float' in value) return { type: attributeTypes.float, f: value.float }
  if ('floats' in value) return { type: attributeTypes.floats, floats: value.floats }
  if ('branch' in value)
    return { type: 5, g: GraphMessage.encode(GraphMessage.fromObject(graphProto(value.branch))).finish() }
  if ('tensor' in value) return { type: attributeTypes.tensor, t: tensorProto(value.tensor) }
  return { type: attributeTypes.ints, ints: value }
}

function tensorProto({ shape, values, type = 'float', storage = 'raw' }: TestTensor) {
  const head = { dims: shape, dataType: dataTypes[type] }
  if (typeof storage === 'object') {
    const externalData = Object.entries(storage).map(([key, value]) => ({ key, value: String(value) }))
    return { ...head, dataLocation: 1, externalData }
  }
  if (storage === 'raw') return { ...head, rawData: rawBytes(values, type) }
  const field = {
    float: 'floatData',
    int64: 'int64Data',
    double: 'doubleData',
    uint8: 'int32Data',
    bool: 'int32Data',
    int8: 'int32Data',
    int16: 'int32Data',
    uint16: 'int32Data',
    int32: 'int32Data',
  } as const
  if (type === 'float16' || type === 'bfloat16') return { ...head, int32Data: halfBits(values, type) }
  if (type === 'uint4' || type === 'int4' || type === 'uint2' || type === 'int2')
    return { ...head, int32Data: [...rawBytes(values, type)] }
  return { ...head, [field[type]]: Array.from(values) }
}

export function rawBytes(values: TestTensor['values'], type: NonNullable<TestTensor['type']>): Uint8Array {
  const arrays = {
    float: () => Float32Array.from(values),
    double: () => Float64Array.from(values),
    uint8: () => Uint8Array.from(values),
    bool: () => Uint8Array.from(values),
    int8: () => Int8Array.from(values),
    uint16: () => Uint16Array.from(values),
    int16: () => Int16Array.from(values),
    int32: () => Int32Array.from(values),
    int64: () => BigInt64Array.from(values, BigInt),
    float16: () => Uint16Array.from(halfBits(values, 'float16')),
    bfloat16: () => Uint16Array.from(halfBits(values, 'bfloat16')),
    uint4: () => packed(values, 4),
    int4: () => packed(values, 4),
    uint2: () => packed(values, 2),
    int2: () => packed(values, 2),
  }
  return new Uint8Array(arrays[type]().buffer)
}

/** The first of a byte in its lowest bits. */
function packed(values: TestTensor['values'], bits: number): Uint8Array {
  const perByte = 8 / bits
  const bytes = new Uint8Array(Math.ceil(values.length / perByte))
  values.forEach((value, index) => {
    bytes[Math.floor(index / perByte)] |= (value & (2 ** bits - 1)) << ((index % perByte) * bits)
  })
  return bytes
}

/** Bit patterns; exact for the values of 11 (or 8) significant bits that tests use. */
function halfBits(values: TestTensor['values'], type: 'float16' | 'bfloat16'): number[] {
  const view = new DataView(new ArrayBuffer(4))
  return Array.from(values, (value) => {
    view.setFloat32(0, value)
    const bits = view.getUint32(0)
    if (type === 'bfloat16' || value === 0) return bits >>> 16
    const exponent = ((bits >>> 23) & 0xff) - 127 + 15
    return ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff)
  })
}
