import { checkKinds, conv, end, image, list, node, random, row, scalar, w, type Kind } from './field-kinds.ts'

const kinds: Record<string, Kind> = {
  'a polynomial by Horner': {
    ...image,
    nodes: [
      conv,
      node('Mul', ['a', 'c'], 'h'),
      node('Add', ['h', 'd'], 'i'),
      node('Mul', ['i', 'a'], 'j'),
      node('Add', ['j', 'c'], 'b'),
      end,
    ],
    constants: { w, c: scalar(0.3), d: scalar(-0.7) },
  },
  'a sigmoid at the end': {
    ...row,
    nodes: [node('Gemm', ['x', 'g'], 'b'), node('Sigmoid', ['b'], 'y')],
    constants: { g: random(2, 6, 1) },
  },
  'float16 throughout': {
    inputs: [{ name: 'x', shape: [1, 2, 6, 6], type: 10 }],
    outputs: [{ name: 'y', shape: [], type: 10 }],
    nodes: [conv, node('Relu', ['a'], 'b'), end],
    constants: { w: { ...w, type: 'float16', values: w.values.map((value) => Math.round(value * 64) / 64) } },
    tolerance: 5e-3,
  },
  'open height and width': {
    inputs: [{ name: 'x', shape: ['N', 2, 'h', 'w'] }],
    inputShape: [1, 2, 6, 6],
    nodes: [conv, node('Relu', ['a'], 'r'), node('GlobalAveragePool', ['r'], 'b'), end],
    constants: { w },
  },
  'open height and width, not said': {
    inputs: [{ name: 'x', shape: ['N', 2, 'h', 'w'] }],
    nodes: [conv, node('GlobalAveragePool', ['a'], 'b'), end],
    constants: { w },
    refused: 'The input “x” is [N,2,h,w].',
  },
  'weights made of constants': {
    ...image,
    nodes: [
      node('CumSum', ['v', 'axis'], 'c'),
      node('Softmax', ['c'], 's', { axis: 1 }),
      node('MatMul', ['s', 'm'], 'p'),
      node('Reshape', ['p', 'shape'], 'w'),
      conv,
      node('Relu', ['a'], 'b'),
      end,
    ],
    constants: { v: random(3, 8, 5), axis: { ...list(1), shape: [] }, m: random(4, 5, 9), shape: list(4, 2, 3, 3) },
  },
  'a Resize between layers': {
    ...image,
    nodes: [conv, node('Resize', ['a', '', 'scales'], 'b', { mode: 'linear' }), end],
    constants: { w, scales: { shape: [4], values: [1, 1, 2, 2] } },
  },
  'what ONNX Runtime fuses': {
    ...row,
    nodes: [
      node(
        'FusedGemm',
        ['x', 'g', 'h'],
        'b',
        { activation: 'LeakyRelu', activation_alpha: { float: 0.1 } },
        'com.microsoft',
      ),
      node('MatMul', ['b', 'v'], 'y'),
    ],
    constants: { g: random(5, 6, 5), h: random(6, 5), v: random(7, 5, 3) },
  },
  'radial functions around several centres': {
    ...image,
    nodes: [
      conv,
      node('Unsqueeze', ['a', 'last'], 'u'),
      node('Sub', ['u', 'centres'], 'd'),
      node('Mul', ['d', 'd'], 's'),
      node('Neg', ['s'], 'n'),
      node('Exp', ['n'], 'b'),
      end,
    ],
    constants: { w, last: list(-1), centres: random(21, 5) },
  },
  'more thresholds than samples': {
    ...row,
    nodes: [node('Greater', ['x', 't'], 'g'), node('Cast', ['g'], 'r', { to: 1 }), node('MatMul', ['r', 'v'], 'y')],
    constants: { t: random(22, 4, 1), v: random(23, 6, 2) },
    refused: 'its constants make [4,6] of an input of [1,6]',
  },
  'an Einsum as a dense layer': {
    ...row,
    nodes: [
      node('Einsum', ['x', 'g'], 'b', { equation: 'bi,oi->bo' }),
      node('Relu', ['b'], 'c'),
      node('MatMul', ['c', 'v'], 'y'),
    ],
    constants: { g: random(8, 5, 6), v: random(9, 5, 3) },
  },
  'an Einsum over an image, with an ellipsis': {
    ...image,
    nodes: [node('Einsum', ['x', 'g'], 'b', { equation: '...hw,wv->...hv' }), end],
    constants: { g: random(10, 6, 4) },
  },
  'an Einsum of two values': {
    ...row,
    nodes: [node('Einsum', ['x', 'x'], 'b', { equation: 'bi,bj->bji' }), end],
  },
  'an Einsum of two values, summed': {
    ...image,
    nodes: [conv, node('Einsum', ['a', 'x'], 'b', { equation: 'bchw,bdhw->bdc' }), end],
    constants: { w },
  },
  'an Einsum of values of different samples': {
    ...row,
    nodes: [node('Einsum', ['x', 'x'], 'y', { equation: 'bi,ci->bc' })],
    refused: 'it multiplies values that depend on the input',
  },
  'a product of two stacks of matrices, as in a non-local block': {
    ...image,
    nodes: [
      conv,
      node('Reshape', ['a', 'rows'], 'r'),
      node('Transpose', ['r'], 't', { perm: [0, 2, 1] }),
      node('MatMul', ['r', 't'], 'b'),
      end,
    ],
    constants: { w, rows: list(0, 4, -1) },
  },
  'a product of more values than are planned': {
    inputs: [{ name: 'x', shape: [1, 1, 400, 40] }],
    nodes: [node('Transpose', ['x'], 't', { perm: [0, 1, 3, 2] }), node('MatMul', ['x', 't'], 'b'), end],
    refused: 'it makes 6400000 products of two values',
  },
  'a product of values of different samples': {
    ...row,
    nodes: [node('Transpose', ['x'], 't', { perm: [1, 0] }), node('MatMul', ['x', 't'], 'y')],
    refused: 'it multiplies two values that both depend on the input',
  },
  'a product with a stack of matrices': {
    inputs: [{ name: 'x', shape: [1, 3, 4, 5] }],
    nodes: [node('MatMul', ['x', 'g'], 'r'), node('Relu', ['r'], 'c'), node('MatMul', ['h', 'c'], 'b'), end],
    constants: { g: random(11, 3, 5, 2), h: random(12, 3, 2, 4) },
  },
  'a count of elements that a quantiser has quantised': {
    ...image,
    inputs: [{ name: 'x', shape: ['N', 2, 6, 6] }],
    nodes: [
      conv,
      node('Shape', ['a'], 'sizes'),
      node('Gather', ['sizes', 'one'], 'channels'),
      node('Cast', ['channels'], 'real', { to: 1 }),
      node('QuantizeLinear', ['real', 'scale', 'zero'], 'q'),
      node('DequantizeLinear', ['q', 'scale', 'zero'], 'd'),
      node('Div', ['a', 'd'], 'b'),
      end,
    ],
    constants: {
      w,
      one: { ...list(1), shape: [] },
      scale: scalar(0.5),
      zero: { shape: [], values: [3], type: 'uint8' },
    },
  },
  'a cumulative sum of the input': {
    ...row,
    nodes: [node('CumSum', ['x', 'axis'], 'b'), node('Relu', ['b'], 'c'), node('MatMul', ['c', 'v'], 'y')],
    constants: { axis: { ...list(1), shape: [] }, v: random(13, 6, 2) },
  },
  'parts of a sequence': {
    ...row,
    nodes: [
      node('SplitToSequence', ['x', 'sizes'], 's', { axis: 1 }),
      node('SequenceAt', ['s', 'second'], 'a'),
      node('SequenceAt', ['s', 'first'], 'c'),
      node('Concat', ['a', 'c'], 'b', { axis: 1 }),
      node('MatMul', ['b', 'v'], 'y'),
    ],
    constants: {
      sizes: list(2, 4),
      first: { ...list(0), shape: [] },
      second: { ...list(1), shape: [] },
      v: random(14, 6, 2),
    },
  },
  'single parts of a sequence': {
    ...row,
    nodes: [
      node('SplitToSequence', ['x'], 's', { axis: 1, keepdims: 0 }),
      node('SequenceAt', ['s', 'fourth'], 'a'),
      node('Unsqueeze', ['a', 'axes'], 'b'),
      node('MatMul', ['b', 'v'], 'y'),
    ],
    constants: { fourth: { ...list(3), shape: [] }, axes: list(1), v: random(15, 1, 2) },
  },
  'a 3-D network of depth 1': {
    inputs: [{ name: 'x', shape: [1, 2, 1, 6, 6] }],
    nodes: [
      node('Conv', ['x', 'w3', 'h'], 'a', { pads: [1, 1, 1, 1, 1, 1] }),
      node('Relu', ['a'], 'r'),
      node('MaxPool', ['r'], 'p', { kernel_shape: [1, 2, 2], strides: [1, 2, 2] }),
      node('Conv', ['p', 'v3'], 'q', { auto_pad: 'SAME_UPPER' }),
      node('AveragePool', ['q'], 's', { kernel_shape: [1, 3, 1], strides: [1, 1, 1] }),
      node('GlobalAveragePool', ['s'], 'b'),
      end,
    ],
    constants: { w3: random(16, 4, 2, 3, 3, 3), h: random(17, 4), v3: random(18, 3, 4, 2, 2, 3) },
  },
  'a 3-D network': {
    inputs: [{ name: 'x', shape: [1, 2, 4, 6, 6] }],
    nodes: [node('Conv', ['x', 'w3'], 'b'), end],
    constants: { w3: random(16, 4, 2, 3, 3, 3) },
    refused: 'it works on 3 dimensions',
  },
  'BatchNormalization in training mode': {
    ...image,
    opset: 15,
    nodes: [node('BatchNormalization', ['x', 's', 's', 's', 's'], 'b', { training_mode: 1 }), end],
    constants: { s: { shape: [2], values: [1, 2] } },
    refused: 'it is in training mode',
  },
  'a normalisation written out': {
    ...row,
    nodes: [
      node('ReduceMean', ['x'], 'm', { axes: [1] }),
      node('Sub', ['x', 'm'], 'd'),
      node('Mul', ['d', 'd'], 'q'),
      node('ReduceMean', ['q'], 'v', { axes: [1] }),
      node('Sqrt', ['v'], 's'),
      node('Div', ['d', 's'], 'b'),
      node('MatMul', ['b', 'g'], 'y'),
    ],
    constants: { g: random(19, 6, 2) },
    refused: 'it normalises by a statistic of the input',
  },
  'an operator that ONNX does not have': {
    ...row,
    nodes: [node('Erfc', ['x'], 'b'), node('MatMul', ['b', 'g'], 'y')],
    constants: { g: random(20, 6, 2) },
    refused: 'ONNX has no such operator: the conversion failed',
  },
  'a function of one value, by comparisons': {
    ...row,
    nodes: [
      node('MatMul', ['x', 'g'], 'a'),
      node('Greater', ['a', 'c'], 'above'),
      node('Where', ['above', 'a', 'z'], 'b'),
      node('MatMul', ['b', 'v'], 'y'),
    ],
    constants: { g: random(21, 6, 5), c: scalar(0.2), z: scalar(0), v: random(22, 5, 2) },
  },
  'scikit-learn’s scaler in front': {
    ...row,
    nodes: [
      node(
        'Scaler',
        ['x'],
        'a',
        { offset: { floats: [1, 2, 3, 4, 5, 6] }, scale: { floats: [0.5, 1, 2, 0.1, 0.2, 0.3] } },
        'ai.onnx.ml',
      ),
      node('MatMul', ['a', 'g'], 'b'),
      node('Softmax', ['b'], 'y', { axis: 1 }),
    ],
    constants: { g: random(23, 6, 3) },
  },
  'scikit-learn’s steps and its linear model': {
    ...row,
    nodes: [
      node('Binarizer', ['x'], 'a', { threshold: { float: 0.1 } }, 'ai.onnx.ml'),
      node('FeatureVectorizer', ['a', 'x'], 'b', { inputdimensions: [6, 6] }, 'ai.onnx.ml'),
      node(
        'LinearRegressor',
        ['b'],
        'y',
        { coefficients: { floats: random(24, 36).values }, intercepts: { floats: [1, -2, 0.5] }, targets: 3 },
        'ai.onnx.ml',
      ),
    ],
  },
  'scikit-learn’s logistic regression': {
    ...row,
    wholeNetwork: false,
    nodes: [
      {
        ...node('LinearClassifier', ['x'], 'label', {}, 'ai.onnx.ml'),
        outputs: ['label', 'scores'],
        attributes: {
          classlabels_ints: [2, 5, 9],
          coefficients: { floats: random(25, 18).values },
          intercepts: { floats: [0.1, -0.2, 0.3] },
          post_transform: 'LOGISTIC',
        },
      },
      node('Normalizer', ['scores'], 'y', { norm: 'L1' }, 'ai.onnx.ml'),
    ],
  },
  'Shrink, as ONNX has it': {
    ...row,
    nodes: [
      node('MatMul', ['x', 'g'], 'a'),
      node('Shrink', ['a'], 'b', { bias: { float: 0.2 }, lambd: { float: 0.3 } }),
      node('MatMul', ['b', 'v'], 'y'),
    ],
    constants: { g: random(26, 6, 5), v: random(27, 5, 2) },
  },
  'energies of rows': {
    ...image,
    nodes: [conv, node('ReduceSumSquare', ['a'], 'r', { axes: [3], keepdims: 0 }), node('Relu', ['r'], 'b'), end],
    constants: { w },
  },
  'the least of each channel': {
    ...image,
    nodes: [conv, node('ReduceMin', ['a'], 'b', { axes: [2, 3] }), end],
    constants: { w },
  },
  'a function’s body that casts its constants like its value': {
    ...row,
    nodes: [
      node('MatMul', ['x', 'g'], 'a'),
      node('Exp', ['a'], 'e'),
      node('CastLike', ['one', 'a'], 'c'),
      node('Add', ['e', 'c'], 's'),
      node('Log', ['s'], 'b'),
      node('MatMul', ['b', 'v'], 'y'),
    ],
    constants: { g: random(28, 6, 5), one: { ...list(1), shape: [] }, v: random(29, 5, 2) },
  },
  'trees behind two outputs': {
    ...row,
    wholeNetwork: false,
    nodes: [
      node('MatMul', ['x', 'g'], 'a'),
      { ...node('TreeEnsembleClassifier', ['a'], 'label', {}, 'ai.onnx.ml'), outputs: ['label', 'y'] },
    ],
    outputs: [
      { name: 'label', shape: [] },
      { name: 'y', shape: [] },
    ],
    constants: { g: random(30, 6, 5) },
    refused: 'it belongs to “ai.onnx.ml”',
  },
}

checkKinds(kinds)
