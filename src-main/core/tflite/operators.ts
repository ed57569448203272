import { options } from './schema.ts'
import { badFile, elementAt } from './flat-table.ts'
import type { Operation, Rule } from './builder.ts'
import { batchToSpace, blocksOf, moveBlocks, spaceToBatch } from './dilations.ts'
import { conv2d, depthwiseConv2d, fullyConnected, pool2d, transposeConv } from './products.ts'
import { selecting } from './selecting.ts'
import { unsupported } from './unsupported.ts'

const unary =
  (name: string): Rule =>
  (operation) =>
    operation.finish(operation.builder.add(name, [operation.real()]))

/** With numpy's rules of broadcasting, which are ONNX's too. */
const binary =
  (name: string): Rule =>
  (operation) => {
    const value = operation.builder.add(name, [operation.real(0), operation.real(1)])
    operation.finish(operation.builder.fused(value, operation.byte(options.arithmetic.activation)))
  }

const extreme =
  (name: string): Rule =>
  (operation) =>
    operation.finish(operation.builder.add(name, [operation.real(0), operation.real(1)]))

/** Axes are an attribute of all but ReduceSum in operator set 13. */
const reduction =
  (name: string): Rule =>
  (operation) => {
    const { builder } = operation
    const axes = operation.integers(1)
    const keepdims = Number(operation.flag(options.reducer.keepDims))
    const value =
      name === 'ReduceSum'
        ? builder.add(name, [operation.real(), builder.list(axes)], { keepdims })
        : builder.add(name, [operation.real()], { axes, keepdims })
    operation.finish(value)
  }

const clip =
  (min: number, max: number): Rule =>
  (operation) =>
    operation.finish(operation.builder.clip(operation.real(), min, max))

/** Begin and end of each axis → all begins, then all ends. */
function pad(operation: Operation, mode: string, value?: string): void {
  const { builder } = operation
  const paddings = operation.integers(1)
  const pads = [...paddings.filter((_, at) => at % 2 === 0), ...paddings.filter((_, at) => at % 2 === 1)]
  const inputs = [operation.real(), builder.list(pads), ...(value === undefined ? [] : [value])]
  operation.finishMoved(builder.add('Pad', inputs, { mode }))
}

const endless = 2 ** 31 - 1

function stridedSlice(operation: Operation): void {
  const { builder } = operation
  const fields = options.stridedSlice
  if (operation.int(fields.ellipsisMask) !== 0 || operation.int(fields.newAxisMask) !== 0) {
    unsupported(operation)
    return
  }
  const [begin, end, strides] = [operation.integers(1), operation.integers(2), operation.integers(3)]
  const bit = (field: number, axis: number): boolean => ((operation.int(field) >> axis) & 1) === 1
  const shrunk = begin.flatMap((_, axis) => (bit(fields.shrinkAxisMask, axis) ? [axis] : []))
  const starts = begin.map((start, axis) => {
    if (!bit(fields.beginMask, axis) || shrunk.includes(axis)) return start
    return elementAt(strides, axis) > 0 ? 0 : endless
  })
  const ends = begin.map((start, axis) => {
    if (shrunk.includes(axis)) return start + 1 || endless
    if (!bit(fields.endMask, axis)) return elementAt(end, axis)
    return elementAt(strides, axis) > 0 ? endless : -endless
  })
  const axes = begin.map((_, axis) => axis)
  const steps = begin.map((_, axis) => (shrunk.includes(axis) ? 1 : elementAt(strides, axis)))
  const sliced = builder.add('Slice', [operation.real(), ...[starts, ends, axes, steps].map(builder.list)])
  operation.finishMoved(shrunk.length > 0 ? builder.add('Squeeze', [sliced, builder.list(shrunk)]) : sliced)
}

function split(operation: Operation, data: number, axisInput: number, sizes?: readonly number[]): void {
  const { builder } = operation
  const axis = elementAt(operation.integers(axisInput), 0)
  const shape = builder.tensor(operation.input(data)).shape
  const place = axis < 0 ? axis + shape.length : axis
  const count = operation.outputs.length
  let start = 0
  operation.outputs.forEach((output, part) => {
    const size = sizes ? elementAt(sizes, part) : (shape[place] ?? 0) / count
    const bounds = [[start], [start + size], [place]].map(builder.list)
    builder.finishMoved(output, builder.add('Slice', [operation.real(data), ...bounds]), operation.input(data))
    start += size
  })
}

function resize(operation: Operation, mode: 'nearest' | 'linear', aligned: number, halfPixel: number): void {
  const { builder } = operation
  const isHalfPixel = operation.flag(halfPixel)
  const size = operation.integers(1)
  const { shape } = builder.tensor(operation.input(0))
  const coordinates = operation.flag(aligned) ? 'align_corners' : isHalfPixel ? 'half_pixel' : 'asymmetric'
  const attributes = {
    mode,
    coordinate_transformation_mode: coordinates,
    ...(mode === 'nearest' && { nearest_mode: coordinates === 'asymmetric' ? 'floor' : 'round_prefer_ceil' }),
  }
  const sizes = builder.list([1, elementAt(shape, 3), elementAt(size, 0), elementAt(size, 1)])
  const run = (x: string): string => builder.add('Resize', [x, '', '', sizes], attributes)
  operation.finish(builder.channelsFirst(operation.real(), run))
}

/** Where the input is thinned out, only one axis of size 1 may come or go. */
const moving =
  (rule: Rule): Rule =>
  (operation) => {
    const blocks = blocksOf(operation)
    if (!blocks) rule(operation)
    else if (!moveBlocks(operation, blocks)) unsupported(operation)
  }

const table: Readonly<Record<string, Rule>> = {
  ...selecting,
  SPACE_TO_BATCH_ND: spaceToBatch,
  BATCH_TO_SPACE_ND: batchToSpace,
  CONV_2D: conv2d,
  DEPTHWISE_CONV_2D: depthwiseConv2d,
  TRANSPOSE_CONV: transposeConv,
  FULLY_CONNECTED: fullyConnected,
  AVERAGE_POOL_2D: (operation) => pool2d(operation, 'AveragePool'),
  MAX_POOL_2D: (operation) => pool2d(operation, 'MaxPool'),
  ADD: binary('Add'),
  SUB: binary('Sub'),
  MUL: binary('Mul'),
  DIV: binary('Div'),
  MAXIMUM: extreme('Max'),
  MINIMUM: extreme('Min'),
  POW: extreme('Pow'),
  ADD_N: (operation) =>
    operation.finish(
      operation.builder.add(
        'Sum',
        operation.inputs.map((_, at) => operation.real(at)),
      ),
    ),
  SQUARED_DIFFERENCE(operation) {
    const difference = operation.builder.add('Sub', [operation.real(0), operation.real(1)])
    operation.finish(operation.builder.add('Mul', [difference, difference]))
  },
  MEAN: reduction('ReduceMean'),
  SUM: reduction('ReduceSum'),
  REDUCE_MAX: reduction('ReduceMax'),
  REDUCE_MIN: reduction('ReduceMin'),
  REDUCE_PROD: reduction('ReduceProd'),
  RELU: unary('Relu'),
  RELU6: clip(0, 6),
  RELU_N1_TO_1: clip(-1, 1),
  RELU_0_TO_1: clip(0, 1),
  LOGISTIC: unary('Sigmoid'),
  TANH: unary('Tanh'),
  ELU: unary('Elu'),
  HARD_SWISH: unary('HardSwish'),
  EXP: unary('Exp'),
  LOG: unary('Log'),
  SQRT: unary('Sqrt'),
  ABS: unary('Abs'),
  NEG: unary('Neg'),
  SIGN: unary('Sign'),
  SIN: unary('Sin'),
  COS: unary('Cos'),
  FLOOR: unary('Floor'),
  CEIL: unary('Ceil'),
  ROUND: unary('Round'),
  L2_NORMALIZATION: (operation) =>
    operation.finish(operation.builder.add('LpNormalization', [operation.real()], { axis: -1, p: 2 })),
  SQUARE: (operation) => operation.finish(operation.builder.add('Mul', [operation.real(), operation.real()])),
  RSQRT(operation) {
    const root = operation.builder.add('Sqrt', [operation.real()])
    operation.finish(operation.builder.add('Reciprocal', [root]))
  },
  LEAKY_RELU: (operation) =>
    operation.finish(
      operation.builder.add('LeakyRelu', [operation.real()], { alpha: operation.float(options.leakyRelu.alpha) }),
    ),
  PRELU: (operation) => operation.finish(operation.builder.add('PRelu', [operation.real(0), operation.real(1)])),
  GELU: (operation) =>
    operation.finish(
      operation.builder.add('Gelu', [operation.real()], {
        approximate: operation.flag(options.gelu.approximate) ? 'tanh' : 'none',
      }),
    ),
  SOFTMAX(operation) {
    const { builder } = operation
    const beta = operation.float(options.softmax.beta)
    const x = beta === 1 ? operation.real() : builder.add('Mul', [operation.real(), builder.make([beta])])
    operation.finish(builder.add('Softmax', [x], { axis: -1 }))
  },
  LOG_SOFTMAX: (operation) => operation.finish(operation.builder.add('LogSoftmax', [operation.real()], { axis: -1 })),
  QUANTIZE: (operation) => operation.finish(operation.real()),
  DEQUANTIZE(operation) {
    const { builder } = operation
    const from = operation.input(0)
    if (builder.isConstant(from)) builder.define(operation.output, builder.constant(from))
    else operation.finish(operation.real())
  },
  FAKE_QUANT: (operation) => unsupported(operation),
  RESHAPE: moving((operation) => {
    const { builder } = operation
    const shape = operation.has(1) ? operation.real(1) : builder.list(operation.ints(options.reshape.newShape) ?? [])
    operation.finishMoved(builder.add('Reshape', [operation.real(), shape]))
  }),
  SQUEEZE: moving((operation) => {
    const { builder } = operation
    const axes = operation.ints(options.squeeze.squeezeDims) ?? []
    const inputs = axes.length > 0 ? [operation.real(), builder.list(axes)] : [operation.real()]
    operation.finishMoved(builder.add('Squeeze', inputs))
  }),
  EXPAND_DIMS: moving((operation) => {
    const axes = operation.builder.list(operation.integers(1))
    operation.finishMoved(operation.builder.add('Unsqueeze', [operation.real(), axes]))
  }),
  TRANSPOSE(operation) {
    const perm = operation.integers(1)
    operation.finishMoved(operation.builder.transpose(operation.real(), perm))
  },
  SHAPE: (operation) => operation.finish(operation.builder.add('Shape', [operation.real()])),
  STRIDED_SLICE: stridedSlice,
  SLICE(operation) {
    const { builder } = operation
    const [begin, size] = [operation.integers(1), operation.integers(2)]
    const ends = begin.map((start, axis) => {
      const length = elementAt(size, axis)
      return length === -1 ? endless : start + length
    })
    const bounds = [begin, ends, begin.map((_, axis) => axis)].map(builder.list)
    operation.finishMoved(builder.add('Slice', [operation.real(), ...bounds]))
  },
  PACK(operation) {
    const { builder } = operation
    const axis = operation.int(options.pack.axis)
    const parts = operation.inputs.map((_, at) => builder.add('Unsqueeze', [operation.real(at), builder.list([axis])]))
    operation.finishMoved(builder.add('Concat', parts, { axis }))
  },
  UNPACK(operation) {
    const { builder } = operation
    const axis = operation.int(options.unpack.axis)
    operation.outputs.forEach((output, at) => {
      const part = builder.add('Gather', [operation.real(), builder.make([at], [], 'int')], { axis })
      builder.finishMoved(output, part, operation.input(0))
    })
  },
  CONCATENATION(operation) {
    const { builder } = operation
    const axis = operation.int(options.concatenation.axis)
    const joined = builder.add(
      'Concat',
      operation.inputs.map((_, at) => operation.real(at)),
      { axis },
    )
    const activation = operation.byte(options.concatenation.activation)
    const areAlike = operation.inputs.every((index) => builder.isAlike(index, operation.output))
    if (areAlike && activation === 0) operation.finishMoved(joined)
    else operation.finish(builder.fused(joined, activation))
  },
  SPLIT: (operation) => split(operation, 1, 0),
  SPLIT_V: (operation) => split(operation, 0, 2, operation.integers(1)),
  GATHER(operation) {
    if (operation.int(options.gather.batchDims) !== 0) {
      unsupported(operation)
      return
    }
    const axis = operation.int(options.gather.axis)
    operation.finishMoved(operation.builder.add('Gather', [operation.real(0), operation.real(1)], { axis }))
  },
  TILE: (operation) => operation.finishMoved(operation.builder.add('Tile', [operation.real(0), operation.real(1)])),
  BROADCAST_TO: (operation) =>
    operation.finishMoved(operation.builder.add('Expand', [operation.real(0), operation.real(1)])),
  PAD: (operation) => pad(operation, 'constant'),
  PADV2: (operation) => pad(operation, 'constant', operation.real(2)),
  MIRROR_PAD(operation) {
    if (operation.byte(options.mirrorPad.mode) !== 0) {
      unsupported(operation)
      return
    }
    pad(operation, 'reflect')
  },
  CAST(operation) {
    const isInteger = operation.builder.tensor(operation.output).integer !== undefined
    operation.finish(operation.builder.add('Cast', [operation.real()], { to: isInteger ? 7 : 1 }))
  },
  SPACE_TO_DEPTH: (operation) => depth(operation, 'SpaceToDepth'),
  DEPTH_TO_SPACE: (operation) => depth(operation, 'DepthToSpace'),
  RESIZE_NEAREST_NEIGHBOR: (operation) =>
    resize(operation, 'nearest', options.resizeNearest.alignCorners, options.resizeNearest.halfPixelCenters),
  RESIZE_BILINEAR: (operation) =>
    resize(operation, 'linear', options.resizeBilinear.alignCorners, options.resizeBilinear.halfPixelCenters),
  BATCH_MATMUL(operation) {
    const { adjX, adjY } = options.batchMatMul
    if (operation.flag(adjX) || operation.flag(adjY)) {
      unsupported(operation)
      return
    }
    operation.finish(operation.builder.add('MatMul', [operation.real(0), operation.real(1)]))
  },
}

function depth(operation: Operation, name: 'SpaceToDepth' | 'DepthToSpace'): void {
  const blocksize = operation.int(options.block.blockSize)
  if (blocksize < 1) throw badFile(`a block of ${blocksize}`)
  const attributes = { blocksize, ...(name === 'DepthToSpace' && { mode: 'DCR' }) }
  operation.finishMoved(
    operation.builder.channelsFirst(operation.real(), (x) => operation.builder.add(name, [x], attributes)),
  )
}

/** By TFLite's names. */
export const rules: ReadonlyMap<string, Rule> = new Map(Object.entries(table))
