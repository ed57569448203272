import { activationNames } from './activation-table.ts'

export type Family = 'activation' | 'linear' | 'other'

const activations = new Set([...activationNames, 'Erf', 'MaxPool'])
const linear = /^(conv.*|gemm|matmul.*|.*pool|batchnormalization|linear.*|reduce.*|add|sum|concat)$/i

/** What an operator of ONNX becomes: a linear map, an activation, or nothing of its own. */
export function familyOf(operator: string): Family {
  if (activations.has(operator)) return 'activation'
  return linear.test(operator) ? 'linear' : 'other'
}
