import type { Node } from '../graph/graph.ts'

/** Fewest and most inputs of an operator. */
type InputCount = readonly [fewest: number, most: number]

const any = Number.POSITIVE_INFINITY
const counted = (
  fewest: number,
  most: number,
  ...names: readonly string[]
): readonly (readonly [string, InputCount])[] => names.map((name) => [name, [fewest, most]])

/** Over all versions of an operator (`onnx.defs` of onnx 1.23.2); what is not listed has one input. */
const inputCounts: ReadonlyMap<string, InputCount> = new Map([
  ...counted(0, 0, 'Constant'),
  ...counted(1, 2, 'ReduceL1', 'ReduceL2', 'ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceProd', 'ReduceSum'),
  ...counted(1, 2, 'ReduceSumSquare', 'Reshape', 'Split', 'Squeeze', 'TopK', 'Trilu', 'Unsqueeze', 'Upsample'),
  // InstanceNormalization has three, but what it does is the better reason to refuse it.
  ...counted(1, 3, 'Clip', 'DFT', 'Dropout', 'InstanceNormalization'),
  ...counted(1, 4, 'Pad', 'Resize'),
  ...counted(1, 5, 'Slice'),
  ...counted(1, any, 'Concat', 'Einsum', 'Max', 'Mean', 'Min', 'Sum'),
  ...counted(2, 2, 'Add', 'And', 'CastLike', 'CenterCropPad', 'Compress', 'CumSum', 'Div', 'Equal', 'Expand', 'Gather'),
  ...counted(2, 2, 'GatherElements', 'GatherND', 'Greater', 'GreaterOrEqual', 'GridSample', 'Less', 'LessOrEqual'),
  ...counted(2, 2, 'MatMul', 'Mod', 'Mul', 'Or', 'Pow', 'PRelu', 'ReverseSequence', 'Sub', 'Xor'),
  ...counted(2, 3, 'Conv', 'ConvTranspose', 'DequantizeLinear', 'Gemm', 'QuantizeLinear', 'Tile'),
  ...counted(2, 4, 'STFT'),
  ...counted(3, 3, 'Col2Im', 'OneHot', 'Range', 'RoiAlign', 'Scatter', 'ScatterElements', 'ScatterND', 'Where'),
  ...counted(5, 5, 'BatchNormalization'),
])

/**
 * What is wrong with the number of inputs of a node of ONNX's own domain; undefined where nothing is, and for nodes that
 * passes have rewritten. An empty name is an input left out.
 */
export function wrongInputCount({ operator, domain, activation, inputs }: Node): string | undefined {
  if (domain !== '' || activation) return undefined
  const [fewest, most] = inputCounts.get(operator) ?? [1, 1]
  const missing = Array.from({ length: fewest }, (_, index) => index).find((index) => !inputs[index])
  if (missing !== undefined) return inputs.length === 0 ? 'it has no inputs' : `input ${missing + 1} is missing`
  const used = inputs.findLastIndex((name) => name !== '') + 1
  return used > most ? `it has ${used} inputs, and ONNX allows ${most}` : undefined
}
