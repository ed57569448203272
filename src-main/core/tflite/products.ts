import { badFile, elementAt } from './flat-table.ts'
import type { Operation } from './builder.ts'
import { blocksOf } from './dilations.ts'
import { options } from './schema.ts'
import { unsupported } from './unsupported.ts'

const paddings = ['SAME_UPPER', 'VALID'] as const

const paddingOf = (operation: Operation, field: number): string => {
  const padding = paddings[operation.byte(field)]
  if (!padding) throw badFile(`a padding of kind ${operation.byte(field)}`)
  return padding
}

/** CONV_2D(x, weights OHWI, bias?): several groups where the weights read fewer channels than there are. */
export function conv2d(operation: Operation): void {
  const fields = options.conv2d
  convolve(operation, {
    weight: operation.builder.transposedConstant(operation.input(1), [0, 3, 1, 2]),
    group: channelsOf(operation, 0) / channelsOf(operation, 1),
    kernel: shapeOf(operation, 1).slice(1, 3),
    fields,
  })
}

/** DEPTHWISE_CONV_2D(x, weights 1HWC, bias?): output channel c reads input channel c / multiplier. */
export function depthwiseConv2d(operation: Operation): void {
  convolve(operation, {
    weight: operation.builder.transposedConstant(operation.input(1), [3, 0, 1, 2]),
    group: channelsOf(operation, 0),
    kernel: shapeOf(operation, 1).slice(1, 3),
    fields: options.depthwiseConv2d,
  })
}

interface Convolution {
  readonly weight: string
  readonly group: number
  readonly kernel: readonly number[]
  readonly fields: typeof options.conv2d | typeof options.depthwiseConv2d
}

function convolve(operation: Operation, { weight, group, kernel, fields }: Convolution): void {
  const { builder } = operation
  const strides = [operation.int(fields.strideH, 1), operation.int(fields.strideW, 1)]
  const ownDilations = [operation.int(fields.dilationH, 1), operation.int(fields.dilationW, 1)]
  const autoPad = paddingOf(operation, fields.padding)
  const blocks = blocksOf(operation)
  if (blocks && (autoPad !== 'VALID' || [...strides, ...ownDilations].some((step) => step !== 1))) {
    unsupported(operation)
    return
  }
  if (blocks) builder.blocks.set(operation.output, blocks)
  const dilations = blocks ? blocks.slice(1, 3) : ownDilations
  const attributes = { group, kernel_shape: kernel, strides, dilations, auto_pad: autoPad }
  const bias = biasOf(operation)
  const run = (x: string): string =>
    builder.add('Conv', bias === undefined ? [x, weight] : [x, weight, bias], attributes)
  const value = builder.channelsFirst(factorOf(operation), run)
  operation.finish(builder.fused(value, operation.byte(fields.activation)))
}

/** TRANSPOSE_CONV(shape, weights OHWI, x, bias?): pads are those of the convolution that it turns around. */
export function transposeConv(operation: Operation): void {
  const { builder } = operation
  const fields = options.transposeConv
  const weight = builder.transposedConstant(operation.input(1), [3, 0, 1, 2])
  const [kernel, input] = [shapeOf(operation, 1).slice(1, 3), shapeOf(operation, 2).slice(1, 3)]
  const output = builder.tensor(operation.output).shape.slice(1, 3)
  const strides = [operation.int(fields.strideH, 1), operation.int(fields.strideW, 1)]
  const isSame = paddingOf(operation, fields.padding) === 'SAME_UPPER'
  const full = strides.map((stride, axis) => (elementAt(input, axis) - 1) * stride + elementAt(kernel, axis))
  const totals = output.map((size, axis) => (isSame ? Math.max(0, elementAt(full, axis) - size) : 0))
  const before = totals.map((total) => Math.floor(total / 2))
  const after = totals.map((total) => Math.ceil(total / 2))
  const missing = output.map((size, axis) => Math.max(0, size - (elementAt(full, axis) - elementAt(totals, axis))))
  const attributes = { kernel_shape: kernel, strides, pads: [...before, ...after], output_padding: missing }
  const bias = biasOf(operation, 3, 2)
  const inputs = (x: string): string[] => (bias === undefined ? [x, weight] : [x, weight, bias])
  const value = builder.channelsFirst(factorOf(operation, 2), (x) =>
    builder.add('ConvTranspose', inputs(x), attributes),
  )
  operation.finish(builder.fused(value, operation.byte(fields.activation)))
}

/** FULLY_CONNECTED(x, weights [out][in], bias?): inputs of any rank are rows of `in` values. */
export function fullyConnected(operation: Operation): void {
  const { builder } = operation
  const fields = options.fullyConnected
  if (operation.byte(fields.weightsFormat) !== 0) throw badFile('dense weights in a shuffled order')
  const bias = biasOf(operation)
  const isConstant = builder.isConstant(operation.input(1))
  const weight = isConstant
    ? builder.transposedConstant(operation.input(1), [1, 0])
    : builder.transpose(operation.real(1), [1, 0])
  const rowLength = elementAt(shapeOf(operation, 1), 1)
  const factor = factorOf(operation, 0, rowLength)
  const x = operation.flag(fields.keepNumDims)
    ? factor
    : builder.add('Reshape', [factor, builder.list([-1, rowLength])])
  const product = builder.add('MatMul', [x, weight])
  const value = bias === undefined ? product : builder.add('Add', [product, bias])
  operation.finish(builder.fused(value, operation.byte(fields.activation)))
}

/** Averages are taken over the image alone, and of integers rounded half away from zero. */
export function pool2d(operation: Operation, name: 'AveragePool' | 'MaxPool'): void {
  const { builder } = operation
  const fields = options.pool2d
  const attributes = {
    kernel_shape: [operation.int(fields.filterHeight), operation.int(fields.filterWidth)],
    strides: [operation.int(fields.strideH, 1), operation.int(fields.strideW, 1)],
    auto_pad: paddingOf(operation, fields.padding),
  }
  const pooled = builder.channelsFirst(operation.real(), (x) => builder.add(name, [x], attributes))
  const activation = operation.byte(fields.activation)
  if (name === 'MaxPool' && activation === 0) {
    operation.finishMoved(pooled)
    return
  }
  operation.finish(builder.fused(pooled, activation), name === 'AveragePool' ? 'away' : 'even')
}

/**
 * What is multiplied by the weights: real numbers, which LiteRT's kernels round to 8 bits of their own range where the
 * weights alone are integers (https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/post_training_quant).
 * Dense layers have a range for each row of `rowLength` values.
 */
function factorOf(operation: Operation, input = 0, rowLength?: number): string {
  const { builder } = operation
  const [x, weight] = [operation.input(input), operation.input(1)]
  const isDynamic = builder.isQuantised(weight) && builder.isConstant(weight) && !builder.isQuantised(x)
  return isDynamic && !builder.isConstant(x)
    ? builder.dynamicallyQuantised(operation.real(input), rowLength)
    : operation.real(input)
}

/** Integers of a bias have their own scale; where the file leaves it out, that of input times weight. */
function biasOf(operation: Operation, bias = 2, input = 0): string | undefined {
  const { builder } = operation
  if (!operation.has(bias)) return undefined
  const index = operation.input(bias)
  const { integer, quantisation } = builder.tensor(index)
  if (!integer || quantisation) return operation.real(bias)
  const scales = builder.tensor(operation.input(1)).quantisation?.scales ?? [1]
  const scale = elementAt(builder.tensor(operation.input(input)).quantisation?.scales ?? [1], 0)
  const { data, shape } = builder.constant(index)
  return builder.make(
    data.map((value, at) => value * scale * elementAt(scales, scales.length > 1 ? at : 0)),
    shape,
  )
}

const shapeOf = (operation: Operation, input: number): readonly number[] =>
  operation.builder.tensor(operation.input(input)).shape

/** Of an image, or of weights OHWI. */
const channelsOf = (operation: Operation, input: number): number => elementAt(shapeOf(operation, input), 3)
