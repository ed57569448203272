/** Why a well-known operator cannot be protected, and what would help. */
export interface RefusedOperator {
  readonly reason: string
  readonly hint: string
  /** Whether its output has its first input's shape, so that what follows can still be examined. */
  readonly keepsShape: boolean
}

const refused = (reason: string, hint: string, keepsShape = false): RefusedOperator => ({ reason, hint, keepsShape })

const normalising = refused(
  'it divides by a statistic of the input',
  'Retrain with BatchNormalization, which is folded into weights.',
  true,
)
const recurrent = refused('recurrent networks are not supported', 'Use a convolutional network.')
const quantised = refused('it rounds values to integers', 'Export the network before quantisation.', true)
const integer = refused('it computes with integers', 'Export the network before quantisation.')
const controlled = refused('its course depends on the input', 'Export without loops and conditions.')
const random = refused('its result is random', 'Export the model in evaluation mode.', true)
const selecting = refused('it selects by comparing values', 'Leave it out; the owner can do it after decryption.')

/** Anything else is refused as not supported. */
export const refusedOperators: ReadonlyMap<string, RefusedOperator> = new Map([
  ['LayerNormalization', normalising],
  ['GroupNormalization', normalising],
  ['RMSNormalization', normalising],
  ['MeanVarianceNormalization', normalising],
  ['LpNormalization', normalising],
  ['LRN', normalising],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
  ['DynamicQuantizeLinear', quantised],
  ['ConvInteger', integer],
  ['MatMulInteger', integer],
  ['QLinearConv', integer],
  ['QLinearMatMul', integer],
  ['If', controlled],
  ['Loop', controlled],
  ['Scan', controlled],
  ['RandomNormalLike', random],
  ['RandomUniformLike', random],
  ['RandomNormal', random],
  ['RandomUniform', random],
  ['Bernoulli', random],
  ['Multinomial', refused('its result is random', 'Export the model in evaluation mode.')],
  ['TopK', selecting],
  ['NonMaxSuppression', selecting],
  ['ArgMin', selecting],
  ['Hardmax', selecting],
  ['Attention', refused('attention multiplies values that depend on the input', 'Use a convolutional network.', true)],
  ['Einsum', refused('the operator is not supported', 'Write it as MatMul, Transpose and ReduceSum.')],
])
