import type { Operator } from '../operation.ts'
import { apply } from './activation.ts'
import { foldWith } from './arithmetic.ts'

/** Pow(X, Y): https://onnx.ai/onnx/operators/onnx__Pow.html; of the network's values only x² (and x¹). */
export const pow: Operator = {
  pointwise: () => ({ operator: 'Pow' }),
  fold: foldWith((base, exponent) => base ** exponent),
  lower(operation) {
    const view = operation.view(0)
    const exponent = operation.constant(1)
    if (exponent.data.length !== 1) throw operation.refuse('it has several exponents')
    if (exponent.data[0] === 1) return view
    if (exponent.data[0] === 2) return apply(operation, view, { operator: 'Square', parameters: {} })
    throw operation.refuse(`it raises to the power ${exponent.data[0]}`, 'Only squares can be protected.', view.shape)
  },
}

/** Neg(X): https://onnx.ai/onnx/operators/onnx__Neg.html */
export const neg: Operator = {
  pointwise: () => ({ operator: 'Neg' }),
  fold(operation) {
    const tensor = operation.constant(0)
    return { ...tensor, data: tensor.data.map((value) => -value) }
  },
  lower: (operation) => operation.network.sum([{ view: operation.view(0), factor: -1 }], operation.view(0).shape),
}
