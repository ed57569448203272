import type { TestAttribute } from '../onnx/write-model.ts'
import type { RandomGraph } from './random-graph.ts'

/** Steps with a kernel; each returns false where it does not apply to the current shape. */
export type Step = (graph: RandomGraph) => boolean

interface Geometry {
  readonly attributes: Record<string, TestAttribute>
  readonly kernel: readonly number[]
  readonly output: readonly number[]
}

/** Random kernel, strides, dilations and pads (or auto_pad) that fit the image. */
function geometry(graph: RandomGraph, options: { dilates: boolean; ceils: boolean }): Geometry | undefined {
  const { spatial } = graph
  if (spatial.length < 1 || spatial.length > 2) return undefined
  // Wider than the image where pads may make room, as on columns and rows.
  const kernel = spatial.map(() => 1 + graph.pick(3))
  const strides = spatial.map(() => 1 + graph.pick(2))
  const wanted = graph.oneOf(['NOTSET', 'NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'])
  const isSame = wanted.startsWith('SAME') && kernel.every((size, axis) => size >= strides[axis])
  const mode = wanted.startsWith('SAME') && !isSame ? 'NOTSET' : wanted
  const dilations = spatial.map(() => (options.dilates && !isSame ? 1 + graph.pick(2) : 1))
  const extent = kernel.map((size, axis) => (size - 1) * dilations[axis] + 1)
  const pads = mode === 'NOTSET' ? [...kernel, ...kernel].map((size) => graph.pick(Math.min(size, 3))) : undefined
  const ceils = options.ceils && mode === 'NOTSET' && graph.pick(3) === 0
  const output = spatial.map((size, axis) => {
    if (isSame) return Math.ceil(size / strides[axis])
    const [before, after] = pads ? [pads[axis], pads[axis + spatial.length]] : [0, 0]
    const room = (size + before + after - extent[axis]) / strides[axis]
    const count = (ceils ? Math.ceil(room) : Math.floor(room)) + 1
    return ceils && (count - 1) * strides[axis] >= size + before ? 0 : count
  })
  const tooSmall = spatial.some(
    (size, axis) => size + (pads ? pads[axis] + pads[axis + spatial.length] : 0) < extent[axis],
  )
  if (tooSmall || output.some((size) => size < 1)) return undefined
  const attributes: Record<string, TestAttribute> = { kernel_shape: kernel, strides }
  if (mode !== 'NOTSET') attributes.auto_pad = mode
  if (pads) attributes.pads = pads
  if (options.dilates) attributes.dilations = dilations
  if (ceils) attributes.ceil_mode = 1
  return { attributes, kernel, output }
}

export const conv: Step = (graph) => {
  const found = geometry(graph, { dilates: graph.pick(3) === 0, ceils: false })
  if (!found) return false
  const { attributes, kernel, output } = found
  const divisors = [1, graph.channels, 2].filter((groups) => graph.channels % groups === 0)
  const group = graph.oneOf(divisors)
  const outputs = group * (1 + graph.pick(3))
  const weight = graph.weights([outputs, graph.channels / group, ...kernel])
  const inputs = [graph.current, weight, ...(graph.pick(2) ? [graph.weights([outputs])] : [])]
  graph.node('Conv', inputs, [1, outputs, ...output], { ...attributes, group })
  return true
}

export const convTranspose: Step = (graph) => {
  const { spatial, channels } = graph
  if (spatial.length < 1 || spatial.length > 2 || spatial.some((size) => size > 8)) return false
  const kernel = spatial.map(() => 1 + graph.pick(3))
  const strides = spatial.map(() => 1 + graph.pick(2))
  const pads = [...kernel, ...kernel].map((size) => graph.pick(Math.min(size, 2)))
  const extra = strides.map((stride) => graph.pick(stride))
  const output = spatial.map(
    (size, axis) => strides[axis] * (size - 1) + extra[axis] + kernel[axis] - pads[axis] - pads[axis + spatial.length],
  )
  if (output.some((size) => size < 1)) return false
  const group = channels % 2 === 0 ? 1 + graph.pick(2) : 1
  const perGroup = 1 + graph.pick(2)
  const inputs = [graph.current, graph.weights([channels, perGroup, ...kernel]), graph.weights([perGroup * group])]
  const attributes = { kernel_shape: kernel, strides, pads, output_padding: extra, group }
  graph.node('ConvTranspose', inputs, [1, perGroup * group, ...output], attributes)
  return true
}

export const averagePool: Step = (graph) => {
  const found = geometry(graph, { dilates: false, ceils: graph.opset >= 11 })
  if (!found) return false
  const attributes = { ...found.attributes, count_include_pad: graph.pick(2) }
  graph.node('AveragePool', [graph.current], [1, graph.channels, ...found.output], attributes)
  return true
}

export const maxPool: Step = (graph) => {
  const found = geometry(graph, { dilates: graph.opset >= 11 && graph.pick(3) === 0, ceils: graph.opset >= 11 })
  if (!found) return false
  graph.node('MaxPool', [graph.current], [1, graph.channels, ...found.output], found.attributes)
  return true
}

export const globalPool: Step = (graph) => {
  if (graph.spatial.length < 1) return false
  const operator = graph.oneOf(['GlobalAveragePool', 'GlobalMaxPool'])
  if (operator === 'GlobalMaxPool' && graph.spatial.length > 2) return false
  graph.node(operator, [graph.current], [1, graph.channels, ...graph.spatial.map(() => 1)])
  return true
}

export const batchNormalization: Step = (graph) => {
  if (graph.shape.length < 2) return false
  const perChannel = (offset: number): string => graph.weights([graph.channels], offset)
  const inputs = [graph.current, perChannel(1), perChannel(0), perChannel(0), perChannel(2)]
  graph.node('BatchNormalization', inputs, graph.shape, { epsilon: { float: 1e-3 } })
  return true
}
