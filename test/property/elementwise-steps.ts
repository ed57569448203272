import type { TestAttribute } from '../onnx/write-model.ts'
import type { RandomGraph } from './random-graph.ts'
import type { Step } from './windowed-steps.ts'

/** Activations by themselves, with the operator set that introduced them. */
const activations: readonly [string, Record<string, TestAttribute>, number?][] = [
  ['Relu', {}],
  ['LeakyRelu', { alpha: { float: 0.2 } }],
  ['Elu', { alpha: { float: 0.7 } }],
  ['Selu', {}],
  ['Celu', { alpha: { float: 1.5 } }, 12],
  ['Sigmoid', {}],
  ['HardSigmoid', { alpha: { float: 0.3 } }],
  ['Tanh', {}],
  ['Softplus', {}],
  ['Softsign', {}],
  ['HardSwish', {}, 14],
  ['Mish', {}, 18],
  ['Gelu', {}, 20],
  ['Gelu', { approximate: 'tanh' }, 20],
  ['Swish', { alpha: { float: 1.5 } }, 24],
  ['ThresholdedRelu', { alpha: { float: 0.1 } }, 10],
]

export const activation: Step = (graph) => {
  const [operator, attributes, since = 7] = graph.oneOf(activations)
  if (graph.opset < since) return false
  graph.node(operator, [graph.current], graph.shape, attributes)
  return true
}

/** Activations in the spellings that exporters use. */
const spellings: readonly ((graph: RandomGraph, x: string) => [string, readonly string[]])[] = [
  (graph, x) => ['Mul', [x, graph.side('Sigmoid', [x])]],
  (graph, x) => ['Mul', [graph.side('Sigmoid', [graph.side('Mul', [x, graph.scalar(1.702)])]), x]],
  (_, x) => ['Mul', [x, x]],
  (graph, x) => ['Pow', [x, graph.scalar(2)]],
  (graph, x) => ['Mul', [x, graph.side('Tanh', [graph.side('Softplus', [x])])]],
  (graph, x) => {
    const gate = graph.side('Add', [
      graph.side('Erf', [graph.side('Div', [x, graph.scalar(Math.SQRT2)])]),
      graph.scalar(1),
    ])
    return ['Mul', [graph.side('Mul', [x, gate]), graph.scalar(0.5)]]
  },
  (graph, x) => {
    const cube = graph.side('Mul', [graph.side('Pow', [x, graph.scalar(3)]), graph.scalar(0.044715)])
    const inner = graph.side('Mul', [graph.side('Add', [x, cube]), graph.scalar(Math.sqrt(2 / Math.PI))])
    const gate = graph.side('Add', [graph.side('Tanh', [inner]), graph.scalar(1)])
    return ['Mul', [graph.side('Mul', [x, graph.scalar(0.5)]), gate]]
  },
  (graph, x) => {
    const shifted = graph.side('Add', [x, graph.scalar(3)])
    const clipped = graph.side('Min', [graph.side('Max', [shifted, graph.scalar(0)]), graph.scalar(6)])
    return ['Div', [graph.side('Mul', [x, clipped]), graph.scalar(6)]]
  },
]

export const spelledActivation: Step = (graph) => {
  if (graph.opset < 9) return false
  const [operator, inputs] = graph.oneOf(spellings)(graph, graph.current)
  graph.node(operator, inputs, graph.shape)
  return true
}

export const clip: Step = (graph) => {
  const [low, high] = graph.oneOf([
    [0, 6],
    [-1, 1],
    [-0.3, 0.4],
  ])
  const isOld = graph.opset < 11
  const inputs = isOld ? [graph.current] : [graph.current, graph.scalar(low), graph.scalar(high)]
  graph.node('Clip', inputs, graph.shape, isOld ? { min: { float: low }, max: { float: high } } : {})
  return true
}

export const prelu: Step = (graph) => {
  if (graph.shape.length < 2) return false
  const shape = graph.oneOf([[1], [graph.channels, ...graph.spatial.map(() => 1)]])
  graph.node('PRelu', [graph.current, graph.weights(shape)], graph.shape)
  return true
}

/** A constant that broadcasts against the value: scalar, per channel, per element, along one axis. */
export const arithmetic: Step = (graph) => {
  const { shape } = graph
  const forms = [[], shape.slice(1), shape.map((size, axis) => (axis === 1 ? size : 1)), shape.slice(-1)]
  const operator = graph.oneOf(['Add', 'Sub', 'Mul', 'Div'])
  const constant = graph.weights(graph.oneOf(forms), operator === 'Div' ? 2 : 0.5)
  const isLeft = operator !== 'Div' && graph.pick(2) === 0
  graph.node(operator, isLeft ? [constant, graph.current] : [graph.current, constant], shape)
  return true
}

/** The sum with an earlier value of the same shape, or with this one's mean. */
export const residual: Step = (graph) => {
  const { current, shape } = graph
  const same = graph.earlier.filter((value) => String(value.shape) === String(shape))
  const operator = graph.oneOf(graph.opset < 8 ? ['Add', 'Sub'] : ['Add', 'Sub', 'Sum'])
  if (same.length > 0) graph.node(operator, [current, graph.oneOf(same).name], shape)
  else if (graph.spatial.length > 0) graph.node(operator, [current, graph.side('GlobalAveragePool', [current])], shape)
  else return false
  return true
}

export const passive: Step = (graph) => {
  const operator = graph.oneOf(['Identity', 'Dropout', 'Cast', 'Neg'])
  graph.node(operator, [graph.current], graph.shape, operator === 'Cast' ? { to: 1 } : {})
  return true
}
