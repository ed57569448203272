import type { Graph } from '../../graph/graph.ts'
import { Rewriting } from '../quantised/rewriting.ts'
import { machineLearning } from './write-machine-learning.ts'
import { microsoft } from './write-microsoft.ts'
import { composed } from './write-composed.ts'
import type { Writer } from './writing.ts'

/**
 * Write operators of other domains by ONNX's own, and some of ONNX's own by simpler ones.
 * Before: nodes that ONNX Runtime's optimiser (com.microsoft) or scikit-learn's converter (ai.onnx.ml) have written.
 * After: what they stand for, https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md and
 * https://onnx.ai/onnx/operators/. Conditions: weights and features are constants.
 */
export function writeAsStandard(graph: Graph): Graph {
  if (!graph.nodes.some(({ domain, operator }) => writerOf(domain, operator))) return graph
  const rewriting = new Rewriting(graph, false)
  const nodes = graph.nodes.flatMap((node) => {
    const isWritten = writerOf(node.domain, node.operator)?.(rewriting, node) === true
    const written = rewriting.take()
    return isWritten ? written : [node]
  })
  return { ...graph, nodes, constants: rewriting.constants }
}

const writers: ReadonlyMap<string, Readonly<Record<string, Writer>>> = new Map([
  ['', composed],
  ['com.microsoft', microsoft],
  ['ai.onnx.ml', machineLearning],
])

function writerOf(domain: string, operator: string): Writer | undefined {
  const table = writers.get(domain)
  return table && Object.hasOwn(table, operator) ? table[operator] : undefined
}
