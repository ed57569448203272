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
export const divisionByNorm = refused(
  'it divides by a norm or by the sum of its values, as normalised embeddings and cosine classifiers do',
  'End the network in front of it and let your own code do the rest, or leave it out and train again.',
  true,
)
export const lrn = refused(
  'it divides by a sum over neighbouring channels, as AlexNet and GoogLeNet did',
  'Retrain without it, or with BatchNormalization, which is folded into weights: newer versions of these networks do.',
  true,
)
const recurrent = refused('recurrent networks are not supported', 'Use a convolutional network.')
const quantised = refused('it rounds values to integers', 'Export the network before quantisation.', true)
const integer = refused('it computes with integers', 'Export the network before quantisation.')
const controlled = refused('its course depends on the input', 'Export without loops and conditions.')
const looping = refused(
  'it is a loop',
  'Export without loops: a traced model holds each turn as nodes of its own, a scripted one does not.',
)
const random = refused('its result is random', 'Export the model in evaluation mode.', true)
const selecting = refused('it selects by comparing values', 'Leave it out; the owner can do it after decryption.')

/** Anything else is refused as not supported. */
export const refusedOperators: ReadonlyMap<string, RefusedOperator> = new Map([
  ['LayerNormalization', normalising],
  ['GroupNormalization', normalising],
  ['RMSNormalization', normalising],
  ['MeanVarianceNormalization', normalising],
  ['LpNormalization', divisionByNorm],
  ['LRN', lrn],
  [
    'ReduceProd',
    refused(
      'it multiplies values that depend on the input',
      'scikit-learn writes PolynomialFeatures so: make these columns with your data, before the network.',
    ),
  ],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
  ['DynamicQuantizeLinear', quantised],
  ['ConvInteger', integer],
  ['MatMulInteger', integer],
  ['QLinearConv', integer],
  ['QLinearMatMul', integer],
  ['If', controlled],
  ['Loop', looping],
  ['Scan', looping],
  ['RandomNormalLike', random],
  ['RandomUniformLike', random],
  ['RandomNormal', random],
  ['RandomUniform', random],
  ['Bernoulli', random],
  ['Multinomial', refused('its result is random', 'Export the model in evaluation mode.')],
  ['TopK', selecting],
  ['NonMaxSuppression', selecting],
  ['ArgMin', selecting],
  ['OneHot', selecting],
  ['Hardmax', selecting],
  ['Attention', refused('attention multiplies values that depend on the input', 'Use a convolutional network.', true)],
  ['Einsum', refused('it multiplies values that depend on the input', 'Only constant weights can be protected.')],
])

/** Every operator that ONNX's default domain has or had, up to operator set 26 (onnx 1.22, onnx.defs). */
const onnxOperators = new Set(
  (
    'Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization ' +
    'Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike ' +
    'CausalConvWithState Ceil Celu CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ' +
    'ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT DeformConv DepthToSpace ' +
    'DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor ' +
    'GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater ' +
    'GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity ' +
    'If ImageDecoder InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual ' +
    'LinearAttention Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool ' +
    'MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg ' +
    'NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement ' +
    'Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike ' +
    'RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ' +
    'ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence ' +
    'RoiAlign RotaryEmbedding Round STFT Scan Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct ' +
    'SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size ' +
    'Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze ' +
    'StringConcat StringNormalizer StringSplit Sub Sum Swish Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu ' +
    'Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor'
  ).split(' '),
)

/** Whether ONNX has an operator of this name in its default domain. */
export const isOnnxOperator = (name: string): boolean => onnxOperators.has(name)
