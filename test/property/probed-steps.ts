import type { Step } from './windowed-steps.ts'

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Each input of a map is probed by itself. */
const probed = 120

export const einsum: Step = (graph) => {
  if (graph.shape.length < 2 || graph.opset < 12 || count(graph.shape) > probed) return false
  const last = graph.shape[graph.shape.length - 1]
  const outputs = 1 + graph.pick(4)
  const shape = graph.shape.with(-1, outputs)
  const [weights, equation] = graph.pick(2) ? [[outputs, last], '...i,oi->...o'] : [[last, outputs], '...i,io->...o']
  graph.node('Einsum', [graph.current, graph.weights(weights)], shape, { equation })
  return true
}

export const cumulativeSum: Step = (graph) => {
  if (graph.shape.length < 2 || graph.opset < 11 || count(graph.shape) > probed) return false
  const axis = 1 + graph.pick(graph.shape.length - 1)
  const place = graph.constant({ shape: [], values: [axis], type: 'int64' })
  graph.node('CumSum', [graph.current, place], graph.shape, { exclusive: graph.pick(2), reverse: graph.pick(2) })
  return true
}

export const stackedMatMul: Step = (graph) => {
  if (graph.shape.length < 4 || count(graph.shape) > probed) return false
  const [, stack, rows, inner] = graph.shape
  const columns = 1 + graph.pick(3)
  if (graph.pick(2)) {
    graph.node('MatMul', [graph.current, graph.weights([stack, inner, columns])], graph.shape.with(-1, columns))
  } else {
    graph.node('MatMul', [graph.weights([stack, columns, rows]), graph.current], graph.shape.with(-2, columns))
  }
  return true
}

export const mask: Step = (graph) => {
  if (graph.opset < 9 || graph.shape.length < 2) return false
  const shape = graph.shape.slice(1)
  const values = Array.from({ length: count(shape) }, () => graph.pick(2))
  const condition = graph.constant({ shape, values, type: 'bool' })
  const other = graph.pick(2) ? graph.scalar(0.5) : graph.side('Tanh', [graph.current])
  const branches = graph.pick(2) ? [graph.current, other] : [other, graph.current]
  graph.node('Where', [condition, ...branches], graph.shape)
  return true
}

/** A picture sampled at constant places, some of them outside. */
export const gridSample: Step = (graph) => {
  if (graph.shape.length !== 4 || graph.opset < 16 || count(graph.shape) > probed) return false
  const [rows, columns] = [1 + graph.pick(3), 1 + graph.pick(4)]
  const size = 2 * rows * columns
  const values = Array.from({ length: size }, (_, at) => (at < 2 ? 0 : Math.fround(1.5 * graph.choices.weight())))
  const grid = graph.constant({ shape: [1, rows, columns, 2], values })
  const mode = graph.oneOf(graph.opset < 20 ? ['bilinear', 'nearest', 'bicubic'] : ['linear', 'nearest', 'cubic'])
  graph.node('GridSample', [graph.current, grid], [1, graph.channels, rows, columns], {
    mode,
    padding_mode: graph.oneOf(['zeros', 'border', 'reflection']),
    align_corners: graph.pick(2),
  })
  return true
}

/** Squeeze-and-excitation, or a gate. */
export const product: Step = (graph) => {
  const gate = graph.side('Sigmoid', [graph.side('Mul', [graph.current, graph.weights(graph.shape)])])
  graph.node('Mul', [graph.side('Tanh', [graph.current]), gate], graph.shape)
  return true
}

/** Bilinear pooling: each row with each other. */
export const matrixOfValues: Step = (graph) => {
  const rank = graph.shape.length
  const [rows, inner] = graph.shape.slice(-2)
  if (rank < 3 || (count(graph.shape) / inner) * rows * inner > 8 * probed) return false
  const left = graph.side('Tanh', [graph.current])
  const shape = [...graph.shape.slice(0, -1), rows]
  if (rank === 3 && graph.opset >= 12 && graph.pick(2)) {
    graph.node('Einsum', [left, graph.current], shape, { equation: 'bmk,bnk->bmn' })
    return true
  }
  const perm = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2]
  graph.node('MatMul', [left, graph.side('Transpose', [graph.current], { perm })], shape)
  return true
}

export const sequence: Step = (graph) => {
  if (graph.opset < 11 || graph.shape.length < 2) return false
  const axis = 1 + graph.pick(graph.shape.length - 1)
  const size = graph.shape[axis]
  const first = 1 + graph.pick(size)
  const sizes = first < size ? [first, size - first] : [size]
  const place = graph.pick(sizes.length)
  const pieces = graph.side('SplitToSequence', [graph.current, graph.integers(sizes)], { axis })
  const at = graph.constant({ shape: [], values: [place], type: 'int64' })
  graph.node('SequenceAt', [pieces, at], graph.shape.with(axis, sizes[place]))
  return true
}
