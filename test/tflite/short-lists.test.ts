/** Files whose lists are shorter than their other parts say, made here of one operator each. */
import { Builder, type Offset } from 'flatbuffers'
import { expect, it } from 'vitest'
import { UserError } from '../../src-main/core/errors.ts'
import { readTflite } from '../../src-main/core/tflite/read-tflite.ts'
import * as schema from '../../src-main/core/tflite/schema.ts'

interface Input {
  readonly shape: readonly number[]
  /** Of a constant of 32-bit integers; the network's input is real. */
  readonly values?: readonly number[]
}

const image: Input = { shape: [1, 4, 4, 2] }
const list = (...values: number[]): Input => ({ shape: [values.length], values })

/** A file of one operator, whose result is a real image. */
function fileOf(operator: string, inputs: readonly Input[], outputs = 1): Uint8Array {
  const file = new Builder(1024)
  const tensors = [...inputs, ...Array<Input>(outputs).fill(image)]
  const table = (fields: number, fill: () => void): Offset => {
    file.startObject(fields)
    fill()
    return file.endObject()
  }
  const vector = (offsets: readonly Offset[]): Offset => {
    file.startVector(4, offsets.length, 4)
    offsets.toReversed().forEach((offset) => file.addOffset(offset))
    return file.endVector()
  }
  const integers = (values: readonly number[]): Offset => {
    file.startVector(4, values.length, 4)
    values.toReversed().forEach((value) => file.addInt32(value))
    return file.endVector()
  }
  const buffers = tensors.map(({ values = [] }) => {
    const data = file.createByteVector(new Uint8Array(Int32Array.from(values).buffer))
    return table(1, () => file.addFieldOffset(schema.buffer.data, data, 0))
  })
  const described = tensors.map(({ shape, values }, index) => {
    const [sizes, name] = [integers(shape), file.createString(`t${index}`)]
    return table(8, () => {
      file.addFieldOffset(schema.tensor.shape, sizes, 0)
      file.addFieldInt8(schema.tensor.type, values ? schema.types.int32 : schema.types.float32, 0)
      file.addFieldInt32(schema.tensor.buffer, index, -1)
      file.addFieldOffset(schema.tensor.name, name, 0)
    })
  })
  const places = tensors.map((_, index) => index)
  const [read, written] = [integers(places.slice(0, inputs.length)), integers(places.slice(inputs.length))]
  const one = table(5, () => {
    file.addFieldOffset(schema.operator.inputs, read, 0)
    file.addFieldOffset(schema.operator.outputs, written, 0)
  })
  const [all, operators] = [vector(described), vector([one])]
  const free = integers(places.slice(0, inputs.length).filter((index) => !inputs[index].values))
  const graph = table(5, () => {
    file.addFieldOffset(schema.subgraph.tensors, all, 0)
    file.addFieldOffset(schema.subgraph.inputs, free, 0)
    file.addFieldOffset(schema.subgraph.outputs, written, 0)
    file.addFieldOffset(schema.subgraph.operators, operators, 0)
  })
  const code = Array.from({ length: 127 }, (_, at) => at).find((at) => schema.operatorName(at) === operator)!
  const codes = vector([table(4, () => file.addFieldInt32(schema.operatorCode.builtinCode, code, -1))])
  const [graphs, stored] = [vector([graph]), vector(buffers)]
  file.finish(
    table(5, () => {
      file.addFieldOffset(schema.model.operatorCodes, codes, 0)
      file.addFieldOffset(schema.model.subgraphs, graphs, 0)
      file.addFieldOffset(schema.model.buffers, stored, 0)
    }),
    'TFL3',
  )
  return file.asUint8Array()
}

function outcomeOf(file: Uint8Array): string {
  try {
    readTflite(file)
    return 'read'
  } catch (error) {
    if (error instanceof UserError) return error.code
    throw error
  }
}

const two = list(1, 1)
const four = list(0, 0, 0, 0)
const vectorOfWeights: Input = { shape: [2], values: [1, 2] }

it.each([
  ['SLICE', [image, four, list(1, 4, 4, 2)]],
  ['STRIDED_SLICE', [image, four, list(1, 4, 4, 2), list(1, 1, 1, 1)]],
  ['SPACE_TO_BATCH_ND', [image, list(2, 2), list(0, 0, 0, 0)]],
  ['RESIZE_BILINEAR', [image, list(8, 8)]],
  ['ARG_MAX', [image, list(3)]],
  ['RESHAPE', [{ shape: [1, 1, 1, 1] }, list()]],
  ['CONV_2D', [image, { shape: [1, 1, 1, 2], values: [1, 2] }]],
] as const)('%s is read where its lists are whole', (operator, inputs) => {
  expect(outcomeOf(fileOf(operator, inputs))).toBe('read')
})

it.each([
  ['SLICE', [image, four, two]],
  ['STRIDED_SLICE', [image, four, list(1, 4, 4, 2), two]],
  ['SPACE_TO_BATCH_ND', [image, list(2, 2), two]],
  ['RESIZE_BILINEAR', [image, list(8)]],
  ['RESIZE_NEAREST_NEIGHBOR', [{ shape: [8] }, list(8, 8)]],
  ['SPLIT_V', [image, list(2), list(3)], 2],
  ['TOPK_V2', [image, list(1)], 1],
  ['CONV_2D', [image, vectorOfWeights]],
  ['DEPTHWISE_CONV_2D', [{ shape: [8] }, { shape: [1, 1, 1, 2], values: [1, 2] }]],
  ['FULLY_CONNECTED', [image, vectorOfWeights]],
] as const)('%s is refused where one is too short', (operator, inputs, outputs = 1) => {
  expect(outcomeOf(fileOf(operator, inputs, outputs))).toMatch(/^bad-/)
})
