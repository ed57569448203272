import { intAttribute } from '../../graph/attributes.ts'
import type { Tensor } from '../../graph/graph.ts'
import { countOf, normaliseAxis } from '../../graph/shapes.ts'
import { applyFinish } from '../../network/finish.ts'
import type { Finish } from '../../network/layer-model.ts'
import type { FoldOperation, Operation, Operator } from '../operation.ts'
import { foldArg } from './order.ts'
import { pointwise } from './pointwise.ts'
import { activation, apply } from './activation.ts'

const hint = 'It must be the last node, over all classes: then the owner does it after decryption.'
const attentionHint = `${hint} Attention inside of a network divides by a sum of exponentials: a sigmoid in its place can be protected.`

/** Softmax, LogSoftmax: https://onnx.ai/onnx/operators/onnx__Softmax.html; flattened from `axis` before set 13. */
export function softmax(finish: Finish): Operator {
  return {
    fold: (operation) => foldSoftmax(operation, finish),
    lower(operation) {
      const view = operation.view(0)
      const rank = view.shape.length
      const isOld = operation.opset < 13
      const axis = operation.axis(intAttribute(operation.node, 'axis', isOld ? 1 : -1), rank)
      const size = isOld ? countOf(view.shape.slice(axis)) : view.shape[axis]
      const isWhole = size === countOf(view.shape)
      if (!operation.isLast || !isWhole || operation.network.finish !== 'none') {
        const reason = isWhole ? 'it is not the last node' : 'it works per position'
        throw operation.refuse(reason, operation.isLast ? hint : attentionHint, view.shape)
      }
      operation.network.finish = finish
      return view
    },
  }
}

const sigmoidActivation = activation('Sigmoid')

/** Sigmoid: the owner's at the end, an activation elsewhere. */
export const sigmoid: Operator = {
  ...sigmoidActivation,
  lower(operation) {
    if (!operation.isLast) return apply(operation, operation.view(0), { operator: 'Sigmoid', parameters: {} })
    return finishWith(operation, 'sigmoid', ['none'])
  },
}

/** ArgMax over all classes: https://onnx.ai/onnx/operators/onnx__ArgMax.html */
export const argMax: Operator = {
  fold: foldArg(1),
  lower(operation) {
    const view = operation.view(0)
    const axis = operation.axis(intAttribute(operation.node, 'axis', 0), view.shape.length)
    if (view.shape[axis] !== countOf(view.shape)) throw operation.refuse('it works per position', hint)
    return finishWith(operation, 'argmax', ['none', 'softmax', 'log-softmax', 'sigmoid'])
  },
}

/** Log is only known behind a Softmax, with which it is a LogSoftmax. */
export const log: Operator = {
  ...pointwise('Log'),
  lower(operation) {
    if (operation.network.finish !== 'softmax') {
      throw operation.refuse('the logarithm is not supported', undefined, operation.view(0).shape)
    }
    return finishWith(operation, 'log-softmax', ['softmax'])
  },
}

function finishWith(operation: Operation, finish: Finish, after: readonly Finish[]) {
  const view = operation.view(0)
  if (!operation.isLast || !after.includes(operation.network.finish)) {
    throw operation.refuse('it is not the last node', hint, view.shape)
  }
  operation.network.finish = finish
  return view
}

function foldSoftmax(operation: FoldOperation, finish: Finish): Tensor {
  const tensor = operation.constant(0)
  const { shape } = tensor
  const isOld = operation.opset < 13
  const axis = normaliseAxis(intAttribute(operation.node, 'axis', isOld ? 1 : -1), shape.length)
  const size = isOld ? countOf(shape.slice(axis)) : shape[axis]
  const inner = isOld ? 1 : countOf(shape.slice(axis + 1))
  const data = Float64Array.from(tensor.data)
  for (let group = 0; group < data.length / size; group++) {
    const start = Math.floor(group / inner) * size * inner + (group % inner)
    const places = Array.from({ length: size }, (_, index) => start + index * inner)
    const part = applyFinish(
      finish,
      Float64Array.from(places, (place) => tensor.data[place]),
    )
    places.forEach((place, index) => (data[place] = part[index]))
  }
  return { ...tensor, data }
}
