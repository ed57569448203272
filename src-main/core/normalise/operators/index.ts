import type { Node } from '../../graph/graph.ts'
import type { Operator } from '../operation.ts'
import { rewrittenDomain } from '../quantised/rewriting.ts'
import { activation, clip, gelu, numbers, prelu } from './activation.ts'
import { add, div, mean, mul, sub, sum } from './arithmetic.ts'
import { averagePool } from './average-pool.ts'
import { batchNormalization } from './batch-normalization.ts'
import { cast, castLike } from './cast.ts'
import { concat } from './concat.ts'
import { convTranspose } from './conv-transpose.ts'
import { fakeQuantize } from './fake-quantize.ts'
import { neg, pow } from './power.ts'
import { dequantizeLinear, dynamicQuantizeLinear, quantizeLinear } from './quantize-linear.ts'
import { depthToSpace, expand, resize, spaceToDepth, tile, upsample } from './repeat.ts'
import {
  comparison,
  constantOfShape,
  elementwise,
  extreme,
  mod,
  range,
  shape,
  size,
  where,
} from './shape-arithmetic.ts'
import { gather, gatherElements, slice, split } from './slice.ts'
import { erf } from '../../network/activations.ts'
import { constant } from './constant.ts'
import { conv } from './conv.ts'
import { argMax, log, sigmoid, softmax } from './finishing.ts'
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
  ['Abs', elementwise(Math.abs)],
  ['Add', add],
  ['And', comparison((left, right) => left !== 0 && right !== 0)],
  ['ArgMax', argMax],
  ['AveragePool', averagePool],
  ['BatchNormalization', batchNormalization],
  ['Cast', cast],
  ['CastLike', castLike],
  ['Ceil', elementwise(Math.ceil)],
  ['Celu', activation('Celu', numbers({ alpha: 1 }))],
  ['Clip', clip],
  ['Concat', concat],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['DequantizeLinear', dequantizeLinear],
  ['DepthToSpace', depthToSpace],
  ['Div', div],
  ['Dropout', dropout],
  ['DynamicQuantizeLinear', dynamicQuantizeLinear],
  ['Elu', activation('Elu', numbers({ alpha: 1 }))],
  ['Equal', comparison((left, right) => left === right)],
  ['Erf', elementwise(erf)],
  ['Exp', elementwise(Math.exp)],
  ['Expand', expand],
  ['Flatten', flatten],
  ['Floor', elementwise(Math.floor)],
  ['Gather', gather],
  ['GatherElements', gatherElements],
  ['Gelu', gelu],
  ['Gemm', gemm],
  ['GlobalAveragePool', globalAveragePool],
  ['GlobalMaxPool', globalMaxPool],
  ['Greater', comparison((left, right) => left > right)],
  ['GreaterOrEqual', comparison((left, right) => left >= right)],
  ['HardSigmoid', activation('HardSigmoid', numbers({ alpha: 0.2, beta: 0.5 }))],
  ['HardSwish', activation('HardSwish')],
  ['Identity', identity],
  ['InstanceNormalization', instanceNormalization],
  ['LeakyRelu', activation('LeakyRelu', numbers({ alpha: 0.01 }))],
  ['Less', comparison((left, right) => left < right)],
  ['LessOrEqual', comparison((left, right) => left <= right)],
  ['Log', log],
  ['LogSoftmax', softmax('log-softmax')],
  ['MatMul', matMul],
  ['Max', extreme(Math.max)],
  ['Mean', mean],
  ['MaxPool', maxPool],
  ['Min', extreme(Math.min)],
  ['Mish', activation('Mish')],
  ['Mod', mod],
  ['Mul', mul],
  ['Neg', neg],
  ['Not', elementwise((value) => Number(value === 0))],
  ['Or', comparison((left, right) => left !== 0 || right !== 0)],
  ['PRelu', prelu],
  ['Pad', pad],
  ['Pow', pow],
  ['QuantizeLinear', quantizeLinear],
  ['Range', range],
  ['Reciprocal', elementwise((value) => 1 / value)],
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
  ['Selu', activation('Selu', numbers({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }))],
  ['Shape', shape],
  ['Sigmoid', sigmoid],
  ['Sign', elementwise(Math.sign)],
  ['Size', size],
  ['Slice', slice],
  ['Softmax', softmax('softmax')],
  ['Softplus', activation('Softplus')],
  ['Softsign', activation('Softsign')],
  ['SpaceToDepth', spaceToDepth],
  ['Split', split],
  ['Sqrt', elementwise(Math.sqrt)],
  ['Square', activation('Square')],
  ['Squeeze', squeeze],
  ['Sub', sub],
  ['Sum', sum],
  ['Swish', activation('Swish', numbers({ alpha: 1 }))],
  ['Tanh', activation('Tanh')],
  ['ThresholdedRelu', activation('ThresholdedRelu', numbers({ alpha: 1 }))],
  ['Tile', tile],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
  ['Upsample', upsample],
  ['Where', where],
])

/** Operators that only rewriting makes. */
const rewritten: ReadonlyMap<string, Operator> = new Map([['FakeQuantize', fakeQuantize]])

/** How a node's operator is understood; undefined where it is not. */
export function operatorOf({ domain, operator }: Node): Operator | undefined {
  if (domain === '') return operators.get(operator)
  return domain === rewrittenDomain ? rewritten.get(operator) : undefined
}
