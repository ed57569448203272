import type { Operator } from '../operation.ts'
import { activation, clip, gelu, numbers, prelu } from './activation.ts'
import { add, div, mul, sub, sum } from './arithmetic.ts'
import { averagePool } from './average-pool.ts'
import { batchNormalization } from './batch-normalization.ts'
import { constant } from './constant.ts'
import { conv } from './conv.ts'
import { argMax, log, sigmoid, softmax } from './finishing.ts'
import { globalMaxPool, maxPool } from './max-pool.ts'
import { pad } from './pad.ts'
import { gemm, matMul } from './product.ts'
import { globalAveragePool, reduceMax, reduceMean, reduceMin, reduceProd, reduceSum } from './reduce.ts'
import { flatten, identity, reshape, squeeze, transpose, unsqueeze } from './shape-operators.ts'

/** Every operator of ONNX's default domain that is understood; see docs/adding-an-operator.md. */
export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['Add', add],
  ['ArgMax', argMax],
  ['AveragePool', averagePool],
  ['BatchNormalization', batchNormalization],
  ['Celu', activation('Celu', numbers({ alpha: 1 }))],
  ['Clip', clip],
  ['Constant', constant],
  ['Conv', conv],
  ['Div', div],
  ['Dropout', identity],
  ['Elu', activation('Elu', numbers({ alpha: 1 }))],
  ['Flatten', flatten],
  ['Gelu', gelu],
  ['Gemm', gemm],
  ['GlobalAveragePool', globalAveragePool],
  ['GlobalMaxPool', globalMaxPool],
  ['HardSigmoid', activation('HardSigmoid', numbers({ alpha: 0.2, beta: 0.5 }))],
  ['HardSwish', activation('HardSwish')],
  ['Identity', identity],
  ['LeakyRelu', activation('LeakyRelu', numbers({ alpha: 0.01 }))],
  ['Log', log],
  ['LogSoftmax', softmax('log-softmax')],
  ['MatMul', matMul],
  ['MaxPool', maxPool],
  ['Mish', activation('Mish')],
  ['Mul', mul],
  ['PRelu', prelu],
  ['Pad', pad],
  ['ReduceMax', reduceMax],
  ['ReduceMean', reduceMean],
  ['ReduceMin', reduceMin],
  ['ReduceProd', reduceProd],
  ['ReduceSum', reduceSum],
  ['Relu', activation('Relu')],
  ['Reshape', reshape],
  ['Selu', activation('Selu', numbers({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }))],
  ['Sigmoid', sigmoid],
  ['Softmax', softmax('softmax')],
  ['Softplus', activation('Softplus')],
  ['Softsign', activation('Softsign')],
  ['Square', activation('Square')],
  ['Squeeze', squeeze],
  ['Sub', sub],
  ['Sum', sum],
  ['Swish', activation('Swish', numbers({ alpha: 1 }))],
  ['Tanh', activation('Tanh')],
  ['ThresholdedRelu', activation('ThresholdedRelu', numbers({ alpha: 1 }))],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
])
