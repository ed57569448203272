import { hasAttribute, intAttribute } from '../../graph/attributes.ts'
import { countOf, normaliseAxis, stridesOf } from '../../graph/shapes.ts'
import { gatherMap } from '../../network/linear-maps.ts'
import { imageShape } from '../network-builder.ts'
import type { FoldOperation, Operator } from '../operation.ts'
import { sizeOf, type LinearTerm } from '../../network/layer-model.ts'
import { shapeOf } from '../values.ts'

/** Concat(inputs…): https://onnx.ai/onnx/operators/onnx__Concat.html; each input becomes a term that places its elements. */
export const concat: Operator = {
  fold(operation) {
    const tensors = operation.inputs.map((_, index) => operation.constant(index))
    const { shape, places } = layOut(
      operation,
      tensors.map((tensor) => tensor.shape),
      axisOf(operation),
    )
    const data = new Float64Array(countOf(shape))
    tensors.forEach((tensor, part) => tensor.data.forEach((value, at) => (data[places[part][at]] = value)))
    return { elementType: tensors[0].elementType, shape, data }
  },
  lower(operation) {
    const { network } = operation
    const values = operation.inputs.map((_, index) => operation.value(index))
    const shapes = values.map(shapeOf)
    const { shape, places } = layOut(operation, shapes, operation.axis(axisOf(operation), shapes[0].length))
    const layerShape = imageShape(shape)
    const size = sizeOf(layerShape)
    const bias = new Float64Array(size)
    const terms: LinearTerm[] = []
    values.forEach((value, part) => {
      if (value.kind === 'constant') {
        value.tensor.data.forEach((constant, at) => (bias[places[part][at]] = constant))
        return
      }
      const order = new Int32Array(size).fill(-1)
      places[part].forEach((to, at) => (order[to] = value.order ? value.order[at] : at))
      terms.push({ input: value.source, map: gatherMap(order, network.shapeOf(value.source), layerShape) })
    })
    return { kind: 'view', source: network.addLinear(terms, bias, layerShape), shape }
  },
}

function axisOf(operation: FoldOperation): number {
  const { node, opset } = operation
  if (opset >= 4 && !hasAttribute(node, 'axis')) throw operation.malformed('attribute “axis” is missing')
  return intAttribute(node, 'axis', 1)
}

/** The joint shape, and for each part where its elements go. */
function layOut(operation: FoldOperation, shapes: readonly (readonly number[])[], given: number) {
  const [first] = shapes
  const axis = normaliseAxis(given, first.length)
  const fits = shapes.every(
    (shape) => shape.length === first.length && shape.every((size, other) => other === axis || size === first[other]),
  )
  if (!fits) throw operation.malformed(`[${shapes.join('], [')}] cannot be joined along axis ${axis}`)
  const shape = first.with(
    axis,
    shapes.reduce((sum, part) => sum + part[axis], 0),
  )
  const inner = stridesOf(shape)[axis]
  let start = 0
  const places = shapes.map((part) => {
    const block = part[axis] * inner
    const offset = start * inner
    start += part[axis]
    const step = shape[axis] * inner
    return Int32Array.from({ length: countOf(part) }, (_, at) => Math.floor(at / block) * step + offset + (at % block))
  })
  return { shape, places }
}
