import type { RandomGraph } from './random-graph.ts'
import type { Step } from './windowed-steps.ts'

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** An axis other than the batch. */
const innerAxis = (graph: RandomGraph): number => 1 + graph.pick(graph.shape.length - 1)

export const concat: Step = (graph) => {
  if (graph.shape.length < 2) return false
  const axis = innerAxis(graph)
  const other = graph.pick(3) === 0 ? graph.weights(graph.shape) : graph.side('Tanh', [graph.current])
  const shape = graph.shape.with(axis, graph.shape[axis] * 2)
  graph.node('Concat', graph.pick(2) ? [graph.current, other] : [other, graph.current], shape, { axis })
  return true
}

export const split: Step = (graph) => {
  if (graph.shape.length < 2) return false
  const axis = innerAxis(graph)
  const size = graph.shape[axis]
  if (size < 2) return false
  const first = 1 + graph.pick(size - 1)
  const sizes = [first, size - first]
  const isOld = graph.opset < 13
  const inputs = isOld ? [graph.current] : [graph.current, graph.integers(sizes)]
  const attributes: Record<string, number | number[]> = isOld ? { axis, split: sizes } : { axis }
  const outputs = graph.node('Split', inputs, graph.shape.with(axis, first), attributes, 1)
  if (graph.pick(2)) graph.node('Concat', [outputs[1], outputs[0]], graph.shape.with(axis, size), { axis })
  return true
}

export const slice: Step = (graph) => {
  if (graph.shape.length < 2) return false
  const axis = innerAxis(graph)
  const size = graph.shape[axis]
  const start = graph.pick(size)
  const end = start + 1 + graph.pick(size - start)
  const step = graph.opset < 10 ? 1 : 1 + graph.pick(2)
  const shape = graph.shape.with(axis, Math.ceil((end - start) / step))
  if (graph.opset < 10) graph.node('Slice', [graph.current], shape, { starts: [start], ends: [end], axes: [axis] })
  else {
    const lists = [[start], [end === size ? 2 ** 31 : end], [axis - graph.shape.length], [step]]
    graph.node('Slice', [graph.current, ...lists.map((list) => graph.integers(list))], shape)
  }
  return true
}

export const pad: Step = (graph) => {
  const pads = [...graph.shape, ...graph.shape].map((_, index) =>
    index % graph.shape.length === 0 ? 0 : graph.pick(3),
  )
  const rank = graph.shape.length
  const shape = graph.shape.map((size, axis) => size + pads[axis] + pads[axis + rank])
  if (count(shape) > 2000) return false
  if (graph.opset < 11) graph.node('Pad', [graph.current], shape, { pads })
  else graph.node('Pad', [graph.current, graph.integers(pads)], shape)
  return true
}

export const transpose: Step = (graph) => {
  const rank = graph.shape.length
  if (rank < 3) return false
  const rest = Array.from({ length: rank - 1 }, (_, index) => index + 1)
  const perm = [0]
  while (rest.length > 0) perm.push(...rest.splice(graph.pick(rest.length), 1))
  graph.node(
    'Transpose',
    [graph.current],
    perm.map((axis) => graph.shape[axis]),
    { perm },
  )
  return true
}

export const reshape: Step = (graph) => {
  const size = count(graph.shape)
  const options = [
    [1, size],
    [1, -1, size % 2 === 0 ? 2 : 1],
    [0, -1],
    [1, size % 3 === 0 ? 3 : 1, -1],
  ]
  if (graph.opset >= 13 && size % 4 === 0) options.push([1, -1, 2, 2])
  const wanted = graph.oneOf(options)
  const known = wanted.map((length) => (length === 0 ? 1 : length))
  const rest = size / count(known.filter((length) => length > 0))
  graph.node(
    'Reshape',
    [graph.current, graph.integers(wanted)],
    known.map((length) => (length < 0 ? rest : length)),
  )
  return true
}

/** The flatten that PyTorch traces: Shape → Gather → Unsqueeze → Concat → Reshape. */
export const tracedFlatten: Step = (graph) => {
  const index = graph.constant({ shape: [], values: [0], type: 'int64' })
  const batch = graph.side('Gather', [graph.side('Shape', [graph.current]), index], { axis: 0 })
  const isOld = graph.opset < 13
  const unsqueezed = isOld
    ? graph.side('Unsqueeze', [batch], { axes: [0] })
    : graph.side('Unsqueeze', [batch, graph.integers([0])])
  const target = graph.side('Concat', [unsqueezed, graph.integers([-1])], { axis: 0 })
  graph.node('Reshape', [graph.current, target], [1, count(graph.shape)])
  return true
}

export const flatten: Step = (graph) => {
  graph.node('Flatten', [graph.current], [1, count(graph.shape)], { axis: 1 })
  return true
}

/** A column of height 1 comes and goes, as 1-D convolutions in Keras are written. */
export const unsqueeze: Step = (graph) => {
  const { opset, shape } = graph
  if (shape.length >= 4 || shape.length < 2) return false
  const axis = 1 + graph.pick(shape.length)
  const wide = [...shape.slice(0, axis), 1, ...shape.slice(axis)]
  const add = (operator: string, target: readonly number[]) =>
    opset < 13
      ? graph.node(operator, [graph.current], target, { axes: [axis] })
      : graph.node(operator, [graph.current, graph.integers([axis])], target)
  add('Unsqueeze', wide)
  if (graph.pick(3) === 0) add('Squeeze', shape)
  return true
}

export const upsample: Step = (graph) => {
  if (graph.shape.length < 3 || count(graph.shape) > 500) return false
  const scales = graph.shape.map((_, axis) => (axis < 2 ? 1 : 1 + graph.pick(2)))
  const shape = graph.shape.map((size, axis) => size * scales[axis])
  const tensor = graph.constant({ shape: [scales.length], values: scales })
  if (graph.opset < 9) graph.node('Upsample', [graph.current], shape, { mode: 'nearest', scales: { floats: scales } })
  else if (graph.opset < 10) graph.node('Upsample', [graph.current, tensor], shape, { mode: 'nearest' })
  else if (graph.opset < 11) graph.node('Resize', [graph.current, tensor], shape, { mode: 'nearest' })
  else {
    const attributes = graph.oneOf([
      { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
      { coordinate_transformation_mode: 'half_pixel', nearest_mode: 'round_prefer_floor' },
    ])
    const region = graph.opset < 13 ? graph.constant({ shape: [0], values: [] }) : ''
    graph.node('Resize', [graph.current, region, tensor], shape, { mode: 'nearest', ...attributes })
  }
  return true
}

export const reduce: Step = (graph) => {
  if (graph.shape.length < 2) return false
  const axis = innerAxis(graph)
  const isWhole = graph.pick(2) === 1 && graph.shape.length > 3
  const axes = isWhole ? [2, 3] : [axis]
  const operator = graph.oneOf(['ReduceMean', 'ReduceSum'])
  const keepdims = graph.pick(2)
  const shape = keepdims
    ? graph.shape.map((size, at) => (axes.includes(at) ? 1 : size))
    : graph.shape.filter((_, at) => !axes.includes(at))
  const isOld = graph.opset < (operator === 'ReduceSum' ? 13 : 18)
  if (isOld) graph.node(operator, [graph.current], shape, { axes, keepdims })
  else graph.node(operator, [graph.current, graph.integers(axes)], shape, { keepdims })
  return true
}

export const gemm: Step = (graph) => {
  if (graph.shape.length !== 2) return false
  const [, inputs] = graph.shape
  const outputs = 1 + graph.pick(8)
  const transB = graph.pick(2)
  const weight = graph.weights(transB ? [outputs, inputs] : [inputs, outputs])
  const bias = graph.weights(graph.oneOf([[outputs], [1, outputs], [1]]))
  const attributes = { transB, alpha: { float: 0.5 }, beta: { float: -2 } }
  graph.node('Gemm', [graph.current, weight, bias], [1, outputs], attributes)
  return true
}

export const matMul: Step = (graph) => {
  const { shape } = graph
  if (shape.length < 2) return false
  const outputs = 1 + graph.pick(5)
  if (graph.pick(3) === 0 && shape.length > 2) {
    const weight = graph.weights([outputs, shape.at(-2)!])
    graph.node('MatMul', [weight, graph.current], shape.with(shape.length - 2, outputs))
  } else {
    graph.node('MatMul', [graph.current, graph.weights([shape.at(-1)!, outputs])], shape.with(-1, outputs))
  }
  return true
}

export const expand: Step = (graph) => {
  const axis = graph.shape.findIndex((size, at) => at > 0 && size === 1)
  if (axis < 0 || graph.opset < 8 || count(graph.shape) > 500) return false
  const target = graph.shape.with(axis, 2 + graph.pick(2))
  graph.node('Expand', [graph.current, graph.integers(target)], target)
  return true
}
