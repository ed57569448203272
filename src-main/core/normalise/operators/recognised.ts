import type { Tensor } from '../../graph/graph.ts'
import { broadcastTo, rearrange } from '../../graph/rearrange.ts'
import { broadcastShapes, countOf, sameShape } from '../../graph/shapes.ts'
import { imageShape } from '../network-builder.ts'
import type { Operation, Operator } from '../operation.ts'
import { rearrangeView, type View } from '../values.ts'
import { present } from '../../must.ts'
import { apply, byChannel } from './activation.ts'
import { divisionByNorm } from './refused.ts'

/** What divides by a mean or a deviation of the values at hand; what follows cannot be protected either. */
const statistics: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  Statistic: [
    'it normalises by a statistic of the input, as LayerNormalization, InstanceNormalization and GroupNormalization do',
    'Retrain with BatchNormalization, which is folded into weights.',
  ],
  Norm: [divisionByNorm.reason, divisionByNorm.hint],
  BatchStatistic: [
    'it normalises by a statistic of the batch: BatchNormalization in training mode',
    'Export in inference mode. Keras writes it so behind preprocessing layers such as Resizing and CenterCrop: call the model with training=False, or leave these layers out.',
  ],
}

/** An activation that a pass has written for an expression of one value; its constants are scalars, or one per channel. */
export const recognised: Operator = {
  lower(operation) {
    const { operator, steps, constants } = present(operation.node.activation)
    if (operator in statistics) throw operation.refuse(...statistics[operator])
    const tensors = Object.values(constants)
    const view = operation.network.settle(enlarged(operation, operation.view(0), tensors))
    const { view: read, values } = alongChannels(operation, view, tensors)
    const parameters = Object.fromEntries(Object.keys(constants).map((name, index) => [name, values[index]]))
    return apply(operation, read, { operator, parameters, ...(steps && { steps }) })
  },
}

/** The view as often as the constants ask, as where a value is compared with several thresholds; not more samples of it. */
function enlarged(operation: Operation, view: View, tensors: readonly Tensor[]): View {
  const shape = tensors.reduce((all, tensor) => broadcastShapes(all, tensor.shape), view.shape)
  if (sameShape(shape, view.shape)) return view
  if (shape.length > view.shape.length || shape[0] !== view.shape[0]) {
    throw operation.refuse(
      `its constants make [${shape}] of an input of [${view.shape}]`,
      'Its first axis is that of the samples.',
    )
  }
  return rearrangeView(view, broadcastTo(view.shape, shape))
}

/**
 * The view and the tensors as one value or one per channel of the layer that it reads. Where they differ within its
 * channels, the view is moved to a layer in which they do not: at worst one with a channel for each element.
 */
function alongChannels(operation: Operation, view: View, tensors: readonly Tensor[]) {
  const { network } = operation
  const spread = tensors.map((tensor) => {
    if (tensor.data.length === 1) return tensor.data[0]
    return rearrange(tensor.data, broadcastTo(tensor.shape, view.shape))
  })
  const within = (order: Int32Array | undefined, shape: ReturnType<typeof imageShape>) => {
    const values = spread.map((value) => (typeof value === 'number' ? value : byChannel(value, order, shape)))
    return values.every((value) => value !== undefined) ? values : undefined
  }
  const own = within(view.order, network.shapeOf(view.source))
  if (own) return { view, values: own }
  const image = imageShape(view.shape)
  const shape = within(undefined, image) ? image : ([countOf(view.shape), 1, 1] as const)
  const moved = { kind: 'view', source: network.asImage(view, shape), shape: view.shape } as const
  return { view: moved, values: present(within(undefined, shape)) }
}
