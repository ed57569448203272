import { INPUT } from '../network/layer-model.ts'
import { runLayers } from '../network/run-layers.ts'
import type { Tensor } from '../graph/graph.ts'
import type { Budget } from './budget.ts'
import { imageShape, NetworkBuilder } from './network-builder.ts'
import { listOf, Operation, Refusal, type FoldOperation, type Operator } from './operation.ts'

/**
 * Computes an operator of constants that is only known as layers, such as a Conv: a network of that one node, of which
 * the first input is the sample. Throws Refusal where it cannot be lowered either.
 */
export function foldByLayers(operator: Operator, operation: FoldOperation, budget: Budget): readonly Tensor[] {
  const tensor = operation.constant(0)
  if (!operator.lower || tensor.elementType !== 'float') throw new Refusal('all its inputs are constants')
  const shape = imageShape(tensor.shape)
  const network = new NetworkBuilder(1, tensor.shape, { shape, layout: 'nchw' }, true, budget)
  const sample = { kind: 'view', source: INPUT, shape: tensor.shape } as const
  const inputs = operation.inputs.with(0, sample)
  const results = listOf(operator.lower(new Operation(operation.node, operation.opset, inputs, network, false)))
  return results.map((value) => {
    if (value.kind === 'constant') return value.tensor
    if (value.kind !== 'view') throw new Refusal('all its inputs are constants')
    const output = network.asImage(value, imageShape(value.shape))
    const input = { name: '', shape, onnxShape: tensor.shape, layout: 'nchw' } as const
    const model = { name: '', input, layers: network.layers, output, finish: 'none' } as const
    const data = output === INPUT ? tensor.data : runLayers(model, tensor.data)
    return { elementType: 'float', shape: value.shape, data }
  })
}
