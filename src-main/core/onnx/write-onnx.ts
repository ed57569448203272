import { UserError } from '../errors.ts'
import { must, present } from '../must.ts'
import { INPUT, sizeOf } from '../network/layer-model.ts'
import type {
  ConvMap,
  Finish,
  LayerId,
  LinearLayer,
  LinearMap,
  OnnxOutput,
  Shape,
  SparseMap,
} from '../network/layer-model.ts'
import { rowsPerChannel } from '../network/coefficient-rows.ts'
import { shapesOf } from '../network/run-layers.ts'
import { ModelMessage } from './schema.ts'
import { dataTypes, OnnxBuilder } from './onnx-builder.ts'
import { namesIn, opsetFor, writeTail } from './write-tail.ts'
import { countOf } from '../graph/shapes.ts'
import type { PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import type { RefreshedModel } from '../network/square-model.ts'
import { writeExact } from './write-exact.ts'

/**
 * The network as an ONNX file (opset 17 or what its tail needs, float32): Conv, Gemm and Gather for the linear maps, Mul
 * and Add for the polynomials. Names and shapes of input and outputs are the original's; the finish (softmax, …) or the
 * tail is appended, with integers as int64. `samples`: how many the file takes at once, 'N' for any number.
 * `classNames` go into the metadata. Throws a UserError where a sparse map is too large to be written.
 */
export function writeOnnx(
  model: PolynomialModel | RefreshedModel,
  classNames?: readonly string[],
  samples: 'N' | 1 = 'N',
): Uint8Array {
  const { tail, onnxOutputs = [] } = model
  const taken = [model.input.name, ...onnxOutputs.map(({ name }) => name), ...(tail ? namesIn(tail) : [])]
  const onnx = new OnnxBuilder(taken)
  const shapes = shapesOf(model)
  const names = new Map<LayerId, string>([[INPUT, readInput(onnx, model)]])
  for (const layer of model.layers) {
    const name =
      layer.kind === 'linear'
        ? writeLinear(onnx, layer, names, shapes)
        : layer.kind === 'square'
          ? onnx.node('Mul', [must(names, layer.input), must(names, layer.input)])
          : layer.kind === 'polynomial'
            ? writePolynomial(onnx, layer, must(names, layer.input))
            : writeExact(onnx, layer, must(names, layer.input))
    names.set(layer.id, name)
  }
  const shape = must(shapes, model.output)
  const flat = tail ? [-1, sizeOf(shape)] : shape[1] * shape[2] === 1 ? [-1, shape[0]] : [-1, ...shape]
  const scores = onnx.node('Reshape', [must(names, model.output), onnx.integers(flat)])
  const finished = writeFinish(onnx, model.finish, scores)
  const [, ...inputRest] = model.input.onnxShape
  const hasBatch = countOf(inputRest) === sizeOf(model.input.shape)
  const first = hasBatch ? samples : (model.input.onnxShape[0] ?? 1)
  if (tail) writeTail(onnx, tail, finished)
  const output = tail ? onnxOutputs : [writeOutput(onnx, model, finished, flat.slice(1))]
  const opset = opsetFor(tail)
  const file = {
    irVersion: opset > 18 ? 10 : 8,
    producerName: 'sealwright',
    ...(classNames && { metadataProps: [{ key: 'class_names', value: JSON.stringify(classNames) }] }),
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: model.name,
      ...onnx.parts,
      input: [valueInfo(model.input.name, dataTypes.float, [first, ...inputRest])],
      output: output.map(({ name, elementType, shape: own }) =>
        valueInfo(name, dataTypes[elementType], rows(own, first)),
      ),
    },
  }
  return ModelMessage.encode(ModelMessage.fromObject(file)).finish()
}

/** As `writeOnnx`, up to the scores: what the encrypted network computes, whatever the file's own outputs are made of. */
export const writeScores = (model: PolynomialModel | RefreshedModel): Uint8Array =>
  writeOnnx({ ...model, finish: 'none', tail: undefined, onnxOutputs: undefined })

/** The shape of an output of one sample, for so many. */
const rows = ([first, ...rest]: readonly number[], samples: 'N' | number): (number | string)[] =>
  first === undefined ? [] : [samples !== 'N' ? first : first === 1 ? 'N' : `${first}N`, ...rest]

const valueInfo = (name: string, elemType: number, dimensions: readonly (number | string)[]) => {
  const dim = dimensions.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

/** The input as [N, channels, height, width]. */
function readInput(onnx: OnnxBuilder, { input }: PolynomialModel | RefreshedModel): string {
  const [channels, height, width] = input.shape
  if (input.layout === 'nchw') return onnx.node('Reshape', [input.name, onnx.integers([-1, ...input.shape])])
  const image = onnx.node('Reshape', [input.name, onnx.integers([-1, height, width, channels])])
  return onnx.node('Transpose', [image], { perm: [0, 3, 1, 2] })
}

/** Behind the finish: in the shape and under the name that the file has. */
function writeOutput(
  onnx: OnnxBuilder,
  { finish, onnxOutputs }: PolynomialModel | RefreshedModel,
  finished: string,
  shape: readonly number[],
): OnnxOutput {
  const own = onnxOutputs?.[0]
  if (!own) {
    const isLabel = finish === 'argmax'
    return { name: finished, elementType: isLabel ? 'int' : 'float', shape: isLabel ? [1] : [1, ...shape] }
  }
  const ownShape = own.shape.length > 0 ? own.shape : [1]
  onnx.node('Reshape', [finished, onnx.integers([-1, ...ownShape.slice(1)])], {}, {}, own.name)
  return { ...own, shape: ownShape }
}

function writeFinish(onnx: OnnxBuilder, finish: Finish, scores: string): string {
  if (finish === 'softmax') return onnx.node('Softmax', [scores], { axis: 1 })
  if (finish === 'log-softmax') return onnx.node('LogSoftmax', [scores], { axis: 1 })
  if (finish === 'sigmoid') return onnx.node('Sigmoid', [scores])
  if (finish === 'argmax') return onnx.node('ArgMax', [scores], { axis: 1, keepdims: 0 })
  return scores
}

function writeLinear(
  onnx: OnnxBuilder,
  layer: LinearLayer,
  names: ReadonlyMap<LayerId, string>,
  shapes: ReadonlyMap<LayerId, Shape>,
): string {
  const { shape, bias } = layer
  const terms = layer.terms.map(({ input, map }) => writeMap(onnx, map, must(names, input), must(shapes, input), shape))
  const constant = onnx.floats(bias, bias.length === shape[0] ? [1, shape[0], 1, 1] : [1, ...shape])
  return onnx.node('Sum', [...terms, constant])
}

function writeMap(onnx: OnnxBuilder, map: LinearMap, input: string, inShape: Shape, outShape: Shape): string {
  if (map.kind === 'conv') return writeConv(onnx, map, input, inShape, outShape)
  const flat = onnx.node('Reshape', [input, onnx.integers([-1, sizeOf(inShape)])])
  const result =
    map.kind === 'dense'
      ? onnx.node('Gemm', [flat, onnx.floats(map.weight, [sizeOf(outShape), sizeOf(inShape)])], { transB: 1 })
      : writeSparse(onnx, map, flat)
  return onnx.node('Reshape', [result, onnx.integers([-1, ...outShape])])
}

/** Conv, then a Slice where the layer keeps fewer outputs than the kernel has places for. */
function writeConv(onnx: OnnxBuilder, map: ConvMap, input: string, inShape: Shape, outShape: Shape): string {
  const along = (axis: 0 | 1): { end: number; isWhole: boolean } => {
    const [size, length] = [present(inShape[axis + 1]), present(outShape[axis + 1])]
    const [pad, stride] = [map.pads[axis], map.strides[axis]]
    const extent = (map.kernel[axis] - 1) * map.dilations[axis] + 1
    const end = Math.max(0, (length - 1) * stride + extent - size - pad)
    const places = Math.floor((size + pad + end - extent) / stride) + 1
    return { end, isWhole: places === length }
  }
  const [rows, columns] = [along(0), along(1)]
  const weight = onnx.floats(map.weight, [outShape[0], inShape[0] / map.groups, ...map.kernel])
  const result = onnx.node('Conv', [input, weight], {
    kernel_shape: map.kernel,
    strides: map.strides,
    dilations: map.dilations,
    pads: [map.pads[0], map.pads[1], rows.end, columns.end],
    group: map.groups,
  })
  if (rows.isWhole && columns.isWhole) return result
  const [starts, ends, axes] = [onnx.integers([0, 0]), onnx.integers(outShape.slice(1)), onnx.integers([2, 3])]
  return onnx.node('Slice', [result, starts, ends, axes])
}

/** Values a sparse map may take, written as one gather per entry of its fullest row. */
const MOST_VALUES = 2 ** 24

function writeSparse(onnx: OnnxBuilder, map: SparseMap, flat: string): string {
  const rows = map.rowStarts.length - 1
  const startOf = (row: number): number => present(map.rowStarts[row])
  let fullest = 1
  for (let row = 0; row < rows; row++) fullest = Math.max(fullest, startOf(row + 1) - startOf(row))
  if (fullest * rows > MOST_VALUES) {
    throw new UserError(
      'too-large',
      `A linear map of ${rows} rows with up to ${fullest} weights is too large for ONNX.`,
    )
  }
  const parts = Array.from({ length: fullest }, (_, k) => {
    const columns = new Array<number>(rows).fill(0)
    const values = new Float64Array(rows)
    for (let row = 0; row < rows; row++) {
      const entry = startOf(row) + k
      if (entry >= startOf(row + 1)) continue
      columns[row] = present(map.columns[entry])
      values[row] = present(map.values[entry])
    }
    const gathered = onnx.node('Gather', [flat, onnx.integers(columns)], { axis: 1 })
    return onnx.node('Mul', [gathered, onnx.floats(values, [1, rows])])
  })
  return onnx.node('Sum', parts)
}

/** Horner's rule, one constant per power and channel, or column or row of a channel. */
function writePolynomial(onnx: OnnxBuilder, layer: PolynomialLayer, x: string): string {
  const each = rowsPerChannel(layer)
  const shape = [1, layer.shape[0], layer.by === 'row' ? each : 1, layer.by === 'column' ? each : 1]
  const constant = (power: number) =>
    onnx.floats(
      layer.coefficients.map((row) => row[power] ?? 0),
      shape,
    )
  let degree = present(layer.coefficients[0]).length - 1
  while (degree > 1 && layer.coefficients.every((row) => row[degree] === 0)) degree -= 1
  if (degree === 0) return onnx.node('Add', [onnx.node('Mul', [x, onnx.floats([0], [1])]), constant(0)])
  let value = constant(degree)
  for (let power = degree - 1; power >= 0; power--) {
    value = onnx.node('Add', [onnx.node('Mul', [value, x]), constant(power)])
  }
  return value
}
