import { checkKinds, conv, end, image, list, node, random, row, scalar, w, type Kind } from './field-kinds.ts'

/** Behind “r”, so that nothing in front of it is left to the owner. */
const behind = [node('Conv', ['r', 'last'], 'b'), end]
const weights = { w, last: random(37, 2, 4, 1, 1) }
const bytes = { inputs: [{ name: 'x', shape: [1, 2, 6, 6], type: 2 }] }
const behindBytes = [node('Conv', ['f', 'w'], 'b'), end]

const kinds: Record<string, Kind> = {
  'bytes that are subtracted as bytes': {
    ...bytes,
    nodes: [node('Sub', ['x', 'k'], 'd'), node('Cast', ['d'], 'f', { to: 1 }), ...behindBytes],
    constants: { w, k: { ...scalar(30), type: 'uint8' } },
    refused: 'its results can leave the range of uint8 and wrap around',
  },
  'bytes that are divided as bytes': {
    ...bytes,
    nodes: [node('Div', ['x', 'k'], 'd'), node('Cast', ['d'], 'f', { to: 1 }), ...behindBytes],
    constants: { w, k: { ...scalar(3), type: 'uint8' } },
    refused: 'it divides integers, which drops what is left over',
  },
  'bytes that are turned round as bytes': {
    ...bytes,
    nodes: [node('Sub', ['k', 'x'], 'd'), node('Cast', ['d'], 'f', { to: 1 }), ...behindBytes],
    constants: { w, k: { ...scalar(255), type: 'uint8' } },
  },
  'bytes that are subtracted as numbers of 32 bits': {
    ...bytes,
    nodes: [
      node('Cast', ['x'], 'i', { to: 6 }),
      node('Sub', ['i', 'k'], 'd'),
      node('Cast', ['d'], 'f', { to: 1 }),
      ...behindBytes,
    ],
    constants: { w, k: { ...scalar(30), type: 'int32' } },
  },
  'a quantiser to float8': {
    ...image,
    opset: 21,
    nodes: [
      conv,
      node('QuantizeLinear', ['a', 's'], 'q', { output_dtype: 17 }),
      node('DequantizeLinear', ['q', 's'], 'r'),
      ...behind,
    ],
    constants: { ...weights, s: scalar(0.01) },
    refused: 'it rounds to float8',
  },
  'a sequence of pieces that are longer than the whole': {
    ...image,
    nodes: [conv, node('SplitToSequence', ['a', 'lengths'], 's'), node('SequenceAt', ['s', 'k'], 'r'), ...behind],
    constants: { ...weights, lengths: list(255, 1), k: { ...scalar(1), type: 'int64' } },
    refused: 'sizes [255,1] do not fit',
  },
  'the mean of no columns': {
    ...image,
    nodes: [conv, node('Slice', ['a', 'five', 'five', 'three'], 's'), node('GlobalAveragePool', ['s'], 'r'), ...behind],
    constants: { ...weights, five: list(5), three: list(3) },
    refused: 'The output does not depend on the input',
  },
  'no columns beside others': {
    ...image,
    nodes: [
      conv,
      node('Slice', ['a', 'five', 'five', 'three'], 's'),
      node('Concat', ['s', 'a'], 'r', { axis: 3 }),
      ...behind,
    ],
    constants: { ...weights, five: list(5), three: list(3) },
  },
  'the largest of a few channels': {
    ...image,
    nodes: [
      conv,
      node('Reshape', ['a', 'pairs'], 'p'),
      node('ReduceMax', ['p'], 'm', { axes: [2], keepdims: 0 }),
      node('ReduceMin', ['p'], 'l', { axes: [1], keepdims: 0 }),
      node('Concat', ['m', 'l'], 'r', { axis: 1 }),
      ...behind,
    ],
    constants: { ...weights, pairs: list(1, 2, 2, 6, 6) },
  },
  'the largest of an image that was shuffled': {
    ...image,
    nodes: [
      conv,
      node('DepthToSpace', ['a'], 's', { blocksize: 2 }),
      node('ReduceMax', ['s'], 'm', { axes: [2, 3], keepdims: 0 }),
      node('MatMul', ['m', 'v'], 'y'),
    ],
    constants: { w, v: random(38, 1, 3) },
  },
  'the largest of many channels at each place': {
    ...image,
    nodes: [
      node('Conv', ['x', 'many'], 'a', { pads: [1, 1, 1, 1] }),
      node('ReduceMax', ['a'], 'r', { axes: [1] }),
      node('Conv', ['r', 'one'], 'b'),
      end,
    ],
    constants: { many: random(39, 12, 2, 3, 3), one: random(40, 2, 1, 3, 3) },
  },
  'the largest of the whole input': {
    ...image,
    nodes: [
      node('ReduceMax', ['x'], 'm', { axes: [1, 2, 3], keepdims: 1 }),
      node('Sub', ['x', 'm'], 'd'),
      node('Conv', ['d', 'w'], 'b'),
      end,
    ],
    constants: { w },
  },
  'a generalised mean over the image': {
    ...image,
    nodes: [
      conv,
      node('Abs', ['a'], 'c'),
      node('Pow', ['c', 'p'], 'd'),
      node('GlobalAveragePool', ['d'], 'm'),
      node('Pow', ['m', 'i'], 'r'),
      ...behind,
    ],
    constants: { ...weights, p: scalar(3), i: scalar(1 / 3) },
  },
  'a mean over classes behind a softmax': {
    ...row,
    wholeNetwork: false,
    nodes: [node('MatMul', ['x', 'g'], 'b'), node('Softmax', ['b'], 'p'), node('MatMul', ['p', 'ages'], 'y')],
    constants: { g: random(31, 6, 5), ages: { shape: [5, 1], values: [0, 10, 20, 30, 40] } },
  },
  'some probabilities by GatherND': {
    ...row,
    wholeNetwork: false,
    inputs: [{ name: 'x', shape: [1, 6] }],
    nodes: [node('MatMul', ['x', 'g'], 'b'), node('Softmax', ['b'], 'p'), node('GatherND', ['p', 'at'], 'y')],
    constants: { g: random(31, 6, 5), at: { shape: [2, 2], values: [0, 3, 0, 1], type: 'int64' } },
  },
  'triangles, a condition, a crop and a scatter': {
    ...image,
    opset: 18,
    nodes: [
      conv,
      node('Trilu', ['a', 'k'], 't', { upper: 0 }),
      node('Compress', ['t', 'kept'], 'c', { axis: 2 }),
      node('CenterCropPad', ['c', 'size'], 'd', { axes: [2, 3] }),
      node('ScatterElements', ['d', 'at', 'u'], 'r', { axis: 3 }),
      ...behind,
    ],
    constants: {
      ...weights,
      k: { ...list(1), shape: [] },
      kept: { shape: [6], values: [1, 0, 1, 1, 0, 1], type: 'bool' },
      size: list(7, 3),
      at: { shape: [1, 4, 1, 1], values: [2, 0, 1, 2], type: 'int64' },
      u: random(32, 1, 4, 1, 1),
    },
  },
  'sequences that are joined': {
    ...image,
    nodes: [
      conv,
      node('Abs', ['a'], 'c'),
      node('SequenceConstruct', ['a', 'c'], 's'),
      node('ConcatFromSequence', ['s'], 'd', { axis: 2, new_axis: 1 }),
      node('SequenceEmpty', [], 'e'),
      node('SequenceInsert', ['e', 'd'], 'f'),
      node('SequenceInsert', ['f', 'd'], 'i'),
      node('ConcatFromSequence', ['i'], 'j', { axis: 3 }),
      node('Reshape', ['j', 'flat'], 'r'),
      ...behind,
    ],
    constants: { ...weights, flat: list(1, 4, 24, 6) },
  },
  'pads that wrap at one end and crop at the other': {
    ...image,
    opset: 19,
    nodes: [conv, node('Pad', ['a', 'p'], 'r', { mode: 'wrap' }), ...behind],
    constants: { ...weights, p: list(0, 0, -1, 2, 0, 0, 1, -2) },
  },
  'a Resize that filters against aliasing': {
    ...image,
    opset: 18,
    nodes: [
      conv,
      node('Resize', ['a', '', 'down'], 'c', { mode: 'linear', antialias: 1 }),
      node('Resize', ['c', '', 'up'], 'r', { mode: 'cubic', antialias: 1 }),
      ...behind,
    ],
    constants: {
      ...weights,
      down: { shape: [4], values: [1, 1, 0.4, 0.7] },
      up: { shape: [4], values: [1, 1, 2.5, 0.6] },
    },
  },
  'a Resize that keeps the aspect ratio': {
    ...image,
    opset: 18,
    nodes: [
      conv,
      node('Resize', ['a', '', '', 'size'], 'c', {
        mode: 'linear',
        axes: [2, 3],
        keep_aspect_ratio_policy: 'not_larger',
      }),
      node('Resize', ['c', '', '', 'size'], 'r', {
        mode: 'linear',
        axes: [2, 3],
        keep_aspect_ratio_policy: 'not_smaller',
      }),
      ...behind,
    ],
    constants: { ...weights, size: list(9, 4) },
  },
  // (2 + ½) / 0.6 − ½ and 3 / 1.2 are halves: which neighbour is the nearest is a matter of rounding.
  'the nearest of two neighbours that are as near': {
    ...image,
    opset: 13,
    nodes: [
      conv,
      node('Resize', ['a', '', 'odd'], 'c', { nearest_mode: 'round_prefer_ceil' }),
      node('Resize', ['c', '', 'even'], 'r', {
        nearest_mode: 'round_prefer_ceil',
        coordinate_transformation_mode: 'asymmetric',
      }),
      ...behind,
    ],
    constants: {
      ...weights,
      odd: { shape: [4], values: [1, 1, 1.7, 0.6] },
      even: { shape: [4], values: [1, 1, 0.8, 1.2] },
    },
  },
  'more of what ONNX Runtime fuses': {
    ...row,
    nodes: [
      node('FusedGemm', ['x', 'g', 'h'], 'a', { activation: 'Elu', activation_alpha: { float: 0.7 } }, 'com.microsoft'),
      node('Reshape', ['a', 'matrix'], 'm'),
      node('FusedMatMul', ['m', 'k'], 'n', { transA: 1, transB: 1, alpha: { float: 0.5 } }, 'com.microsoft'),
      node('Flatten', ['n'], 'b'),
      node('MatMul', ['b', 'v'], 'y'),
    ],
    inputs: [{ name: 'x', shape: [1, 6] }],
    constants: {
      ...{ g: random(33, 6, 6), h: random(34, 6), matrix: list(1, 2, 3), k: random(35, 4, 2), v: random(36, 12, 2) },
    },
  },
}

checkKinds(kinds)
