/** Operators by what they become: a linear map, an activation, or nothing of their own. */
const activations =
  /^(.*relu.*|elu|selu|celu|.*sigmoid|tanh|softplus|softsign|.*swish|silu|mish|gelu|clip|erf|maxpool|square)$/i
const linear = /^(conv.*|gemm|matmul|.*pool|batchnormalization|linear.*|reduce.*|add|sum|concat)$/i

export function familyOf(operator: string): 'activation' | 'linear' | 'other' {
  if (activations.test(operator)) return 'activation'
  return linear.test(operator) ? 'linear' : 'other'
}
