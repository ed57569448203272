import { floatAttribute, hasAttribute, stringAttribute } from '../../graph/attributes.ts'
import { broadcastTo, rearrange } from '../../graph/rearrange.ts'
import { broadcastShapes, sameShape } from '../../graph/shapes.ts'
import { activationFunction } from '../../network/activations.ts'
import type { Activation, Shape } from '../../network/layer-model.ts'
import { imageShape } from '../network-builder.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import type { View } from '../values.ts'

type Parameters = (operation: FoldOperation) => Record<string, number>

/** An element-wise activation whose attributes become numbers; `activations.ts` defines its function. */
export function activation(operator: string, parameters: Parameters = () => ({})): Operator {
  return {
    pointwise: (operation) => ({ operator, parameters: parameters(operation), inputs: 1 }),
    fold(operation) {
      const tensor = operation.constant(0)
      const apply = activationFunction({ operator, parameters: parameters(operation) })
      return { ...tensor, data: tensor.data.map(apply) }
    },
    lower: (operation) => apply(operation, operation.view(0), { operator, parameters: parameters(operation) }),
  }
}

/** Attributes that are numbers, with ONNX's defaults. */
export const numbers =
  (defaults: Readonly<Record<string, number>>): Parameters =>
  ({ node }) =>
    Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, floatAttribute(node, name, value)]))

export const gelu: Operator = activation('Gelu', ({ node }) => ({
  tanh: stringAttribute(node, 'approximate', 'none') === 'tanh' ? 1 : 0,
}))

function clipBounds(operation: FoldOperation): { min: number; max: number } {
  const { node, opset } = operation
  const bound = (name: string, index: number, open: number): number => {
    if (opset < 11 || hasAttribute(node, name)) return floatAttribute(node, name, open)
    return operation.optionalNumber(index) ?? open
  }
  return { min: bound('min', 1, -Infinity), max: bound('max', 2, Infinity) }
}

/**
 * Clip(x, min?, max?): https://onnx.ai/onnx/operators/onnx__Clip.html; attributes before operator set 11, inputs since.
 * ReLU6 and hard tanh are Clips; at least zero and without end it is a Relu.
 */
export const clip: Operator = {
  ...activation('Clip', clipBounds),
  lower(operation) {
    const view = operation.view(0)
    const { min, max } = clipBounds(operation)
    if (max < 1e30) return apply(operation, view, { operator: 'Clip', parameters: { min, max } })
    if (min === 0) return apply(operation, view, { operator: 'Relu', parameters: {} })
    return min < -1e30 ? view : apply(operation, view, { operator: 'Clip', parameters: { min, max } })
  },
}

/** PRelu(x, slope): https://onnx.ai/onnx/operators/onnx__PRelu.html; one slope, one per channel, or one per element. */
export const prelu: Operator = {
  lower(operation) {
    const view = operation.network.settle(operation.view(0))
    const slope = operation.constant(1)
    if (!sameShape(broadcastShapes(view.shape, slope.shape), view.shape)) {
      throw operation.malformed(`its slope [${slope.shape}] does not fit [${view.shape}]`)
    }
    if (slope.data.length === 1) return apply(operation, view, preluOf(slope.data[0]))
    const spread = rearrange(slope.data, broadcastTo(slope.shape, view.shape))
    const own = byChannel(spread, view.order, operation.network.shapeOf(view.source))
    if (own) return apply(operation, view, preluOf(own))
    // Where slopes differ within its channels too, each element becomes a channel.
    const image = imageShape(view.shape)
    const slopes = byChannel(spread, undefined, image)
    const shape = slopes ? image : ([spread.length, 1, 1] as const)
    const moved: View = { kind: 'view', source: operation.network.asImage(view, shape), shape: view.shape }
    return apply(operation, moved, preluOf(slopes ?? spread))
  },
}

/** One value per channel of the layer, where they do not differ within one. */
export function byChannel(values: Float64Array, order: Int32Array | undefined, shape: Shape): Float64Array | undefined {
  const perChannel = new Float64Array(shape[0]).fill(NaN)
  for (let index = 0; index < values.length; index++) {
    const channel = Math.floor((order ? order[index] : index) / (shape[1] * shape[2]))
    if (Number.isNaN(perChannel[channel])) perChannel[channel] = values[index]
    else if (perChannel[channel] !== values[index]) return undefined
  }
  return perChannel
}

const preluOf = (slope: number | Float64Array): Activation => ({ operator: 'PRelu', parameters: { slope } })

/** Adds an activation to what a view shows. Elements stay where they are, so the view keeps its shape and order. */
export function apply(operation: Operation, view: View, activation: Activation): View {
  const { source, order } = operation.network.settle(view)
  return { kind: 'view', source: operation.network.addActivation(source, activation), shape: view.shape, order }
}
