import type { Node } from '../../graph/graph.ts'
import type { Operator } from '../operation.ts'
import { rewrittenDomain } from '../quantised/rewriting.ts'
import { recognised } from './recognised.ts'
import { activation, clip, gelu, numbers, prelu } from './activation.ts'
import { add, div, max, mean, min, mul, sub, sum } from './arithmetic.ts'
import { averagePool } from './average-pool.ts'
import { batchNormalization } from './batch-normalization.ts'
import { col2Im, reverseSequence } from './blocks.ts'
import { cast, castLike } from './cast.ts'
import { concat } from './concat.ts'
import { convTranspose } from './conv-transpose.ts'
import { einsum } from './einsum.ts'
import { fakeQuantize } from './fake-quantize.ts'
import { dft, stft } from './fourier.ts'
import { roiAlign } from './roi-align.ts'
import { gridSample } from './grid-sample.ts'
import { neg, pow } from './power.ts'
import { dequantizeLinear, dynamicQuantizeLinear, quantizeLinear } from './quantize-linear.ts'
import { depthToSpace, expand, spaceToDepth, tile } from './repeat.ts'
import { resize, upsample } from './resize.ts'
import { gatherND, scatterElements, scatterND } from './scatter.ts'
import { centerCropPad, compress, trilu } from './selecting.ts'
import { alsoThreeDimensional } from './three-dimensional.ts'
import { where } from './where.ts'
import { pointwise } from './pointwise.ts'
import { constantOfShape, cumSum, mod, range, shape, size } from './shape-arithmetic.ts'
import { gather, gatherElements, slice, split } from './slice.ts'
import { constant } from './constant.ts'
import { conv } from './conv.ts'
import { argMax, log, sigmoid, softmax } from './finishing.ts'
import { argMin, hardmax, lpNormalization, oneHot, topK } from './order.ts'
import { instanceNormalization } from './instance-normalization.ts'
import { globalMaxPool, maxPool } from './max-pool.ts'
import { pad } from './pad.ts'
import { gemm, matMul } from './product.ts'
import {
  globalAveragePool,
  reduceL1,
  reduceL2,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  reduceSumSquare,
} from './reduce.ts'
import { dropout, flatten, identity, reshape, squeeze, transpose, unsqueeze } from './shape-operators.ts'

/** Every operator of ONNX's default domain that is understood; see docs/adding-an-operator.md. */
export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['Abs', pointwise('Abs')],
  ['Acos', pointwise('Acos')],
  ['Acosh', pointwise('Acosh')],
  ['Add', add],
  ['And', pointwise('And')],
  ['ArgMax', argMax],
  ['ArgMin', argMin],
  ['Asin', pointwise('Asin')],
  ['Asinh', pointwise('Asinh')],
  ['Atan', pointwise('Atan')],
  ['Atanh', pointwise('Atanh')],
  ['AveragePool', alsoThreeDimensional(averagePool, 'average')],
  ['BatchNormalization', batchNormalization],
  ['Cast', cast],
  ['CastLike', castLike],
  ['Ceil', pointwise('Ceil')],
  ['Celu', activation('Celu', numbers({ alpha: 1 }))],
  ['CenterCropPad', centerCropPad],
  ['Clip', clip],
  ['Col2Im', col2Im],
  ['Compress', compress],
  ['Concat', concat],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Conv', alsoThreeDimensional(conv, 'conv')],
  ['ConvTranspose', convTranspose],
  ['Cos', pointwise('Cos')],
  ['Cosh', pointwise('Cosh')],
  ['CumSum', cumSum],
  ['DFT', dft],
  ['STFT', stft],
  ['DepthToSpace', depthToSpace],
  ['DequantizeLinear', dequantizeLinear],
  ['Div', div],
  ['Dropout', dropout],
  ['DynamicQuantizeLinear', dynamicQuantizeLinear],
  ['Einsum', einsum],
  ['Elu', activation('Elu', numbers({ alpha: 1 }))],
  ['Equal', pointwise('Equal')],
  ['Erf', pointwise('Erf')],
  ['Exp', pointwise('Exp')],
  ['Expand', expand],
  ['Flatten', flatten],
  ['Floor', pointwise('Floor')],
  ['Gather', gather],
  ['GatherElements', gatherElements],
  ['GatherND', gatherND],
  ['Gelu', gelu],
  ['Gemm', gemm],
  ['GlobalAveragePool', globalAveragePool],
  ['GlobalMaxPool', globalMaxPool],
  ['Greater', pointwise('Greater')],
  ['GreaterOrEqual', pointwise('GreaterOrEqual')],
  ['Hardmax', hardmax],
  ['GridSample', gridSample],
  ['RoiAlign', roiAlign],
  ['HardSigmoid', activation('HardSigmoid', numbers({ alpha: 0.2, beta: 0.5 }))],
  ['HardSwish', activation('HardSwish')],
  ['Identity', identity],
  ['InstanceNormalization', instanceNormalization],
  ['IsInf', pointwise('IsInf')],
  ['IsNaN', pointwise('IsNaN')],
  ['LeakyRelu', activation('LeakyRelu', numbers({ alpha: 0.01 }))],
  ['Less', pointwise('Less')],
  ['LessOrEqual', pointwise('LessOrEqual')],
  ['Log', log],
  ['LogSoftmax', softmax('log-softmax')],
  ['LpNormalization', lpNormalization],
  ['MatMul', matMul],
  ['Max', max],
  ['MaxPool', alsoThreeDimensional(maxPool, 'max')],
  ['Mean', mean],
  ['Min', min],
  ['Mish', activation('Mish')],
  ['Mod', mod],
  ['Mul', mul],
  ['Neg', neg],
  ['Not', pointwise('Not')],
  ['OneHot', oneHot],
  ['Or', pointwise('Or')],
  ['Pad', pad],
  ['Pow', pow],
  ['QuantizeLinear', quantizeLinear],
  ['PRelu', prelu],
  ['Range', range],
  ['Reciprocal', pointwise('Reciprocal')],
  ['ReduceL1', reduceL1],
  ['ReduceL2', reduceL2],
  ['ReduceMax', reduceMax],
  ['ReduceMean', reduceMean],
  ['ReduceMin', reduceMin],
  ['ReduceProd', reduceProd],
  ['ReduceSum', reduceSum],
  ['ReduceSumSquare', reduceSumSquare],
  ['Relu', activation('Relu')],
  ['Reshape', reshape],
  ['Resize', resize],
  ['ReverseSequence', reverseSequence],
  ['Round', pointwise('Round')],
  ['Scatter', scatterElements],
  ['ScatterElements', scatterElements],
  ['ScatterND', scatterND],
  ['Selu', activation('Selu', numbers({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }))],
  ['Shape', shape],
  ['Sigmoid', sigmoid],
  ['Sign', pointwise('Sign')],
  ['Sin', pointwise('Sin')],
  ['Sinh', pointwise('Sinh')],
  ['Size', size],
  ['Slice', slice],
  ['Softmax', softmax('softmax')],
  ['Softplus', activation('Softplus')],
  ['Softsign', activation('Softsign')],
  ['SpaceToDepth', spaceToDepth],
  ['Split', split],
  ['Sqrt', pointwise('Sqrt')],
  ['Squeeze', squeeze],
  ['Sub', sub],
  ['Sum', sum],
  ['Swish', activation('Swish', numbers({ alpha: 1 }))],
  ['Tan', pointwise('Tan')],
  ['Tanh', activation('Tanh')],
  ['ThresholdedRelu', activation('ThresholdedRelu', numbers({ alpha: 1 }))],
  ['Tile', tile],
  ['TopK', topK],
  ['Transpose', transpose],
  ['Trilu', trilu],
  ['Unsqueeze', unsqueeze],
  ['Upsample', upsample],
  ['Where', where],
  ['Xor', pointwise('Xor')],
])

/** Operators that only rewriting makes. */
const rewritten: ReadonlyMap<string, Operator> = new Map([['FakeQuantize', fakeQuantize]])

/** How a node's operator is understood, or the activation that a pass has recognised; undefined where it is not. */
export function operatorOf({ domain, operator, activation }: Node): Operator | undefined {
  if (activation) return recognised
  if (domain === '') return operators.get(operator)
  return domain === rewrittenDomain ? rewritten.get(operator) : undefined
}
