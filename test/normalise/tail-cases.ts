import { randomSample } from '../models/compare.ts'
import { writeModel, type TestModel, type TestNode } from '../onnx/write-model.ts'

export const random = (seed: number, shape: readonly number[]) => ({
  shape,
  values: Array.from(
    randomSample(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  ),
})
export const whole = (values: readonly number[], shape = [values.length]) => ({ shape, values, type: 'int64' }) as const
const one = { shape: [], values: [1] }

/** x → dense → relu → dense, as `logits` of so many classes. */
export function trunk(classes: number, name = 'logits', from = 'x'): TestNode[] {
  return [
    { operator: 'Gemm', inputs: [from, 'w1'], outputs: [`${name} 1`] },
    { operator: 'Relu', inputs: [`${name} 1`], outputs: [`${name} 2`] },
    { operator: 'Gemm', inputs: [`${name} 2`, `w${classes}`], outputs: [name] },
  ]
}
const constants = {
  w1: random(1, [6, 8]),
  w5: random(2, [8, 5]),
  w2: random(3, [8, 2]),
  wide: random(4, [8, 1]),
}

export interface Case {
  readonly nodes: readonly TestNode[]
  readonly outputs?: readonly string[]
  readonly constants?: TestModel['constants']
  /** Layers of the network that stays encrypted. */
  readonly activations?: number
  /** How many numbers are decrypted. */
  readonly decrypted: number
  readonly opset?: number
  readonly batch?: number | 'N'
}

export const node = (operator: string, inputs: string[], outputs: string[], attributes = {}): TestNode => ({
  operator,
  inputs,
  outputs,
  attributes,
})

/** x → dense → relu → dense, as one `logit`. */
export const single: TestNode[] = [
  ...trunk(5).slice(0, 2),
  { operator: 'Gemm', inputs: ['logits 2', 'wide'], outputs: ['logit'] },
]

export const cases: Record<string, Case> = {
  'a sigmoid as two classes': {
    nodes: [
      ...single,
      node('Sigmoid', ['logit'], ['p']),
      node('Sub', ['one', 'p'], ['q']),
      node('Concat', ['q', 'p'], ['y'], { axis: 1 }),
    ],
    constants: { one },
    decrypted: 1,
  },
  'the mean of two softmaxes': {
    nodes: [
      ...trunk(5, 'a'),
      ...trunk(5, 'b'),
      node('Softmax', ['a'], ['pa'], { axis: 1 }),
      node('Softmax', ['b'], ['pb'], { axis: 1 }),
      node('Mean', ['pa', 'pb'], ['y']),
    ],
    activations: 2,
    decrypted: 10,
  },
  'one column of a softmax': {
    nodes: [
      ...trunk(2),
      node('Softmax', ['logits'], ['p'], { axis: 1 }),
      node('Gather', ['p', 'column'], ['y'], { axis: 1 }),
    ],
    constants: { column: whole([1]) },
    decrypted: 2,
  },
  'a clipped and rounded softmax': {
    nodes: [
      ...trunk(5),
      node('Softmax', ['logits'], ['p'], { axis: 1 }),
      node('Clip', ['p', 'low'], ['c']),
      node('Mul', ['c', 'hundred'], ['m']),
      node('Round', ['m'], ['y']),
    ],
    constants: { low: { shape: [], values: [1e-3] }, hundred: { shape: [], values: [100] } },
    decrypted: 5,
  },
  'the two best classes': {
    nodes: [
      ...trunk(5),
      node('Softmax', ['logits'], ['p'], { axis: 1 }),
      node('TopK', ['p', 'two'], ['y', 'places'], { axis: 1 }),
      node('Cast', ['places'], ['z'], { to: 1 }),
    ],
    outputs: ['y', 'z'],
    constants: { two: whole([2]) },
    decrypted: 5,
  },
  'probabilities and the label, of classes with names of their own': {
    nodes: [
      ...trunk(5),
      node('Softmax', ['logits'], ['y'], { axis: 1 }),
      node('ArgMax', ['y'], ['best'], { axis: 1, keepdims: 0 }),
      node('Gather', ['names', 'best'], ['label']),
    ],
    outputs: ['y', 'label'],
    constants: { names: whole([3, 5, 7, 11, 13]) },
    decrypted: 5,
  },
  'a last activation': {
    nodes: [...trunk(5), node('Tanh', ['logits'], ['t']), node('Reshape', ['t', 'shape'], ['y'])],
    constants: { shape: whole([-1, 5, 1]) },
    decrypted: 5,
  },
  'two heads of one trunk': {
    nodes: [
      ...trunk(5).slice(0, 2),
      { operator: 'Gemm', inputs: ['logits 2', 'w5'], outputs: ['first'] },
      { operator: 'Gemm', inputs: ['logits 2', 'w2'], outputs: ['second'] },
      node('Softmax', ['first'], ['y'], { axis: 1 }),
      node('Sigmoid', ['second'], ['z']),
    ],
    outputs: ['y', 'z'],
    decrypted: 7,
  },
  'two heads without any last step': {
    nodes: [
      ...trunk(5).slice(0, 2),
      { operator: 'Gemm', inputs: ['logits 2', 'w5'], outputs: ['y'] },
      { operator: 'Gemm', inputs: ['logits 2', 'w2'], outputs: ['z'] },
    ],
    outputs: ['y', 'z'],
    decrypted: 7,
  },
  'two heads with a row for each place': {
    batch: 1,
    nodes: [
      ...trunk(5).slice(0, 2),
      node('Reshape', ['logits 2', 'places'], ['rows']),
      { operator: 'MatMul', inputs: ['rows', 'w2x3'], outputs: ['first'] },
      { operator: 'MatMul', inputs: ['rows', 'w2x2'], outputs: ['second'] },
      node('Softmax', ['first'], ['y'], { axis: 1 }),
      node('Tanh', ['second'], ['z']),
    ],
    outputs: ['y', 'z'],
    constants: { places: whole([-1, 2]), w2x3: random(5, [2, 3]), w2x2: random(6, [2, 2]) },
    decrypted: 20,
  },
  'sizes of the input’s shape': {
    nodes: [
      ...trunk(5),
      node('Softmax', ['logits'], ['p'], { axis: 1 }),
      node('Shape', ['x'], ['sizes']),
      node('Gather', ['sizes', 'zero'], ['batch']),
      node('Concat', ['batch', 'rest'], ['shape'], { axis: 0 }),
      node('Reshape', ['p', 'shape'], ['column']),
      node('Concat', ['batch', 'wider'], ['twice'], { axis: 0 }),
      node('Expand', ['column', 'twice'], ['y']),
    ],
    constants: { zero: whole([0]), rest: whole([5, 1]), wider: whole([5, 2]) },
    decrypted: 5,
  },
  'scores by the number of classes': {
    nodes: [
      ...trunk(5),
      node('Softmax', ['logits'], ['p'], { axis: 1 }),
      node('Shape', ['logits'], ['sizes']),
      node('Gather', ['sizes', 'one'], ['classes']),
      node('Cast', ['classes'], ['count'], { to: 1 }),
      node('Div', ['p', 'count'], ['y']),
    ],
    constants: { one: whole([1]) },
    decrypted: 5,
  },
  'scores over their norm': {
    nodes: [
      ...trunk(5),
      node('ReduceL2', ['logits'], ['norm'], { axes: [1], keepdims: 1 }),
      node('Clip', ['norm', 'least'], ['held']),
      node('Div', ['logits', 'held'], ['y']),
    ],
    constants: { least: { shape: [], values: [1e-6] } },
    decrypted: 5,
  },
  'norms, the least score and the best class as a row': {
    nodes: [
      ...trunk(5),
      node('LpNormalization', ['logits'], ['y'], { axis: 1, p: 1 }),
      node('ReduceMin', ['logits'], ['z'], { axes: [1], keepdims: 1 }),
      node('ArgMax', ['logits'], ['best'], { axis: 1, keepdims: 0 }),
      node('OneHot', ['best', 'five', 'levels'], ['v']),
      node('ReduceLogSumExp', ['logits'], ['u'], { axes: [1], keepdims: 0 }),
    ],
    outputs: ['y', 'z', 'v', 'u'],
    constants: { five: whole([5]), levels: { shape: [2], values: [-1, 2] } },
    decrypted: 5,
  },
}

/** The file of a case. */
export function written({ nodes, outputs = ['y'], constants: own = {}, opset = 17, batch = 'N' }: Case): Uint8Array {
  return writeModel({
    opset,
    inputs: [{ name: 'x', shape: [batch, 6] }],
    outputs: outputs.map((name) => ({ name, shape: [], type: name === 'label' ? 7 : 1 })),
    nodes,
    constants: { ...constants, ...own },
  })
}
