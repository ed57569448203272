import { UserError } from '../errors.ts'
import type { Graph, ValueInfo } from '../graph/graph.ts'
import { topologicalSort } from '../graph/topological-sort.ts'
import { Builder, Operation } from './builder.ts'
import { badFile, FlatFile, type FlatTable } from './flat-table.ts'
import { readsBlocks } from './dilations.ts'
import { rules } from './operators.ts'
import * as schema from './schema.ts'
import { readBuffer, readTensor } from './tensors.ts'
import { unsupported } from './unsupported.ts'

/** The nodes are ONNX's, of this version. */
const opset = 13

const identifier = 'TFL3'

/** Whether the bytes are a TFLite file, by its first ones. */
export const isTflite = (bytes: Uint8Array): boolean =>
  bytes.byteLength >= 8 && String.fromCharCode(...bytes.subarray(4, 8)) === identifier

/**
 * Reads a TFLite file (float, float16, weights of 8 bits alone, or integers throughout) as the graph that ONNX has for
 * it: channels last between transposes, fused activations as nodes, quantisers around real numbers.
 * Throws UserError: 'bad-tflite' (damaged, cut off, parts that do not belong together), 'bad-tensor', 'bad-graph'.
 */
export function readTflite(bytes: Uint8Array, { name = 'network' }: { readonly name?: string } = {}): Graph {
  const file = new FlatFile(bytes)
  if (!isTflite(bytes)) throw badFile(`its first bytes do not hold ${identifier}`)
  const { root } = file
  const [main] = root.tables(schema.model.subgraphs)
  if (!main) throw badFile('it holds no graph')
  const buffers = root.tables(schema.model.buffers).map((table) => readBuffer(table, file))
  const tensors = main.tables(schema.subgraph.tensors).map((table, index) => readTensor(table, index, buffers))
  const builder = new Builder(file, tensors)
  const [inputs, outputs] = [main.ints(schema.subgraph.inputs) ?? [], main.ints(schema.subgraph.outputs) ?? []]
  if (outputs.length === 0) throw new UserError('bad-graph', 'The graph has no output.')
  const names = root.tables(schema.model.operatorCodes).map(operatorNameOf)
  main.tables(schema.subgraph.operators).forEach((table, index) => {
    const operator = names[table.int(schema.operator.opcodeIndex)]
    if (operator === undefined) throw badFile(`operator ${index} is of no kind`)
    builder.begin(`${operator}_${index}`)
    const operation = new Operation(builder, table, operator)
    const isThinned = operation.inputs.some((input) => builder.blocks.has(input))
    const rule = rules.get(operator)
    if (rule && (!isThinned || readsBlocks.has(operator))) rule(operation)
    else unsupported(operation)
  })
  builder.begin('output')
  for (const index of outputs) builder.output(index)
  const { nodes, constants } = builder
  const inputInfos = inputs.map((index) => valueInfo(builder, index))
  return {
    name,
    producer: root.text(schema.model.description) || 'TFLite',
    opset,
    inputs: inputInfos,
    outputs: outputs.map((index) => valueInfo(builder, index)),
    nodes: topologicalSort(nodes, [...constants.keys(), ...inputInfos.map((input) => input.name)]),
    constants,
  }
}

/** The code moved from a byte to an integer when there were more than 127. */
function operatorNameOf(table: FlatTable): string {
  const code = Math.max(
    table.byte(schema.operatorCode.deprecatedBuiltinCode),
    table.int(schema.operatorCode.builtinCode),
  )
  const custom = table.text(schema.operatorCode.customCode)
  return custom || schema.operatorName(code)
}

function valueInfo(builder: Builder, index: number): ValueInfo {
  const { signature, integer } = builder.tensor(index)
  const shape = signature.map((size, axis) => (size > 0 ? size : `dynamic_${axis}`))
  return { name: builder.nameOf(index), elementType: integer ? 'int' : 'float', shape }
}
