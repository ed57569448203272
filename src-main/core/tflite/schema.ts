/**
 * Numbers of the fields that are read of each table, and of enumerations, from the published schema:
 * https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs.
 */
export const model = { operatorCodes: 1, subgraphs: 2, description: 3, buffers: 4 } as const
export const operatorCode = { deprecatedBuiltinCode: 0, customCode: 1, builtinCode: 3 } as const
export const subgraph = { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 } as const
export const tensor = {
  shape: 0,
  type: 1,
  buffer: 2,
  name: 3,
  quantization: 4,
  sparsity: 6,
  shapeSignature: 7,
} as const
export const quantization = { scale: 2, zeroPoint: 3, detailsType: 4, quantizedDimension: 6 } as const
export const operator = { opcodeIndex: 0, inputs: 1, outputs: 2, builtinOptions: 4 } as const
export const buffer = { data: 0, offset: 1, size: 2 } as const

export const options = {
  conv2d: { padding: 0, strideW: 1, strideH: 2, activation: 3, dilationW: 4, dilationH: 5 },
  depthwiseConv2d: { padding: 0, strideW: 1, strideH: 2, activation: 4, dilationW: 5, dilationH: 6 },
  transposeConv: { padding: 0, strideW: 1, strideH: 2, activation: 3 },
  pool2d: { padding: 0, strideW: 1, strideH: 2, filterWidth: 3, filterHeight: 4, activation: 5 },
  fullyConnected: { activation: 0, weightsFormat: 1, keepNumDims: 2 },
  /** Of ADD, SUB, MUL, DIV. */
  arithmetic: { activation: 0 },
  concatenation: { axis: 0, activation: 1 },
  reshape: { newShape: 0 },
  softmax: { beta: 0 },
  reducer: { keepDims: 0 },
  pack: { valuesCount: 0, axis: 1 },
  unpack: { num: 0, axis: 1 },
  stridedSlice: { beginMask: 0, endMask: 1, ellipsisMask: 2, newAxisMask: 3, shrinkAxisMask: 4 },
  leakyRelu: { alpha: 0 },
  gelu: { approximate: 0 },
  squeeze: { squeezeDims: 0 },
  gather: { axis: 0, batchDims: 1 },
  cast: { inDataType: 0, outDataType: 1 },
  resizeBilinear: { alignCorners: 2, halfPixelCenters: 3 },
  resizeNearest: { alignCorners: 0, halfPixelCenters: 1 },
  mirrorPad: { mode: 0 },
  block: { blockSize: 0 },
  oneHot: { axis: 0 },
  batchMatMul: { adjX: 0, adjY: 1 },
} as const

/** TensorType. */
export const types = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int64: 4,
  bool: 6,
  int16: 7,
  int8: 9,
  float64: 10,
  uint32: 15,
  uint16: 16,
  int4: 17,
} as const

/** BuiltinOperator, in order; '' are those that nothing here knows by name. */
const names = (
  'ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR ' +
  'FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION ' +
  'LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH ' +
  'CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER ' +
  'BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE ' +
  'BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ' +
  'ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE ' +
  'TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK ' +
  'LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD ' +
  'RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N ' +
  'GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE ' +
  'NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL PLACEHOLDER ' +
  'CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT ' +
  'HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS ' +
  'RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1'
).split(' ')

export const operatorName = (code: number): string => names[code] ?? `operator ${code}`
