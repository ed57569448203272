import { UserError } from '../errors.ts'
import type { Node } from '../graph/graph.ts'
import { foldByLayers } from './fold-by-layers.ts'
import type { NetworkBuilder } from './network-builder.ts'
import { constantsOf, FoldOperation, listOf, Operation, Refusal, type Operator } from './operation.ts'
import { probeAffine } from './probe-affine.ts'
import { operatorOf } from './operators/index.ts'
import { isOnnxOperator, refusedOperators } from './operators/refused.ts'
import { constantOf, type Value } from './values.ts'

/**
 * Take branches.
 * Before: y = If(c; A, B). After: A's nodes, or B's, and y = its output.
 * Conditions: c is a constant, as where exporters test the rank of a tensor.
 */
export function takenBranch(node: Node, values: Map<string, Value>): readonly Node[] | undefined {
  const condition = values.get(node.inputs[0] ?? '')
  if (node.operator !== 'If' || node.domain !== '' || condition?.kind !== 'constant') return undefined
  const branch = node.attributes[condition.tensor.data[0] !== 0 ? 'then_branch' : 'else_branch']
  if (typeof branch !== 'object' || !('nodes' in branch)) return undefined
  for (const [name, tensor] of branch.constants) values.set(name, constantOf(tensor))
  const outputs = node.outputs.map((name, index): Node => {
    const inputs = [branch.outputs[index] ?? '']
    return { name: node.name, operator: 'Identity', domain: '', inputs, outputs: [name], attributes: {} }
  })
  return [...branch.nodes, ...outputs]
}

/**
 * The values of a node's outputs: constants folded, else views of the layers added to the network. `isLast` says that nothing
 * but what the owner finishes comes behind it. Throws Refusal where the node cannot be protected.
 */
export function runNode(
  node: Node,
  opset: number,
  values: ReadonlyMap<string, Value>,
  network: NetworkBuilder,
  isLast: boolean,
): readonly Value[] {
  const operator = operatorOf(node)
  if (!operator) throw unsupportedOperator(node, values)
  const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)))
  const blocked = inputs.find((value) => value?.kind === 'unknown')
  if (blocked) return node.outputs.map(() => blocked)
  const [first] = inputs
  if (network.finish === 'argmax' && first?.kind === 'view' && isLast) return [first]
  const isConstant = inputs.every((value) => !value || value.kind === 'constant')
  if (isConstant) {
    if (!operator.fold && inputs.length === 0) {
      throw new Refusal('all its inputs are constants', 'Simplify the model before exporting it.')
    }
    const operation = new FoldOperation(node, opset, inputs)
    return constantsOf(operator.fold ? operator.fold(operation) : foldByLayers(operator, operation, network.budget))
  }
  const operation = new Operation(node, opset, inputs, network, isLast)
  try {
    return listOf(lowered(operator, operation))
  } catch (refusal) {
    const probed = refusal instanceof Refusal ? probeAffine(operator, operation) : undefined
    if (!probed) throw refusal
    return probed
  }
}

function lowered(operator: Operator, operation: Operation): Value | readonly Value[] {
  if (operator.lower) return operator.lower(operation)
  const known = refusedOperators.get(operation.node.operator)
  throw new Refusal(known?.reason ?? 'it is supported for constants only', known?.hint)
}

function unsupportedOperator(node: Node, values: ReadonlyMap<string, Value>): Refusal {
  if (node.domain === 'tflite') {
    return new Refusal(
      'the TFLite operator is not supported',
      'Leave it out, or use operators that are common in CNNs.',
    )
  }
  if (node.domain !== '') {
    return new Refusal(`it belongs to “${node.domain}”, not to ONNX`, hintFor(node.domain))
  }
  if (!isOnnxOperator(node.operator)) {
    const hint =
      'The converter left an operator of another framework in the file. Convert again, with a newer one or without that layer.'
    return new Refusal('ONNX has no such operator: the conversion failed', hint)
  }
  const known = refusedOperators.get(node.operator)
  const first = values.get(node.inputs[0] ?? '')
  const shape = known?.keepsShape && first?.kind === 'view' ? first.shape : undefined
  return new Refusal(known?.reason ?? 'the operator is not supported', known?.hint, shape)
}

/** How to export without the operators of another domain. */
function hintFor(domain: string): string {
  if (domain === 'com.microsoft.nchwc') {
    return 'ONNX Runtime saved it for one kind of processor: give the file before that, or save with ORT_ENABLE_EXTENDED at most.'
  }
  if (domain !== 'ai.onnx.ml') return 'Export with standard ONNX operators.'
  return 'Choose the probabilities (--output-name), or export without: to_onnx(…, options={"zipmap": False}), trees and vectorisers left out.'
}

/** What a value holds in memory by itself: its numbers, or its order. */
export const heldBy = (value: Value): Float64Array | Int32Array | undefined =>
  value.kind === 'constant' ? value.tensor.data : value.kind === 'view' ? value.order : undefined

/** An optional output that nobody computes, such as MaxPool's indices; it matters only if the result needs it. */
export function missingOutput({ name, operator }: Node, index: number): Value {
  const cause = { node: name, operator, reason: `its output ${index + 1} is not supported` }
  return { kind: 'unknown', cause }
}

/** Shape rules are checked without knowing the node; this adds it. */
export function placed(error: unknown, { name, operator }: Node): unknown {
  if (!(error instanceof UserError) || error.where) return error
  return new UserError(error.code, `${operator} “${name}”: ${error.message}`, { where: { node: name, operator } })
}
