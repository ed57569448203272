import type { Graph, Node } from '../graph/graph.ts'
import { standardised } from './standardised.ts'

/** Whatever their inputs are, these are random, or as large as a number among their inputs says. */
const notComputed = new Set(
  (
    'RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial HannWindow HammingWindow ' +
    'BlackmanWindow MelWeightMatrix CenterCropPad AffineGrid MaxUnpool Col2Im RoiAlign ImageDecoder DFT STFT'
  ).split(' '),
)
const mostNames = 256

/**
 * Tensors of the file that depend on constants only and that no formula of ours computes, such as Trilu or EyeLike of a
 * constant, and what is made of them; ONNX Runtime can be asked for their values.
 */
export function constantsLeft(file: Graph): readonly string[] {
  const graph = standardised(file)
  const own = new Set(file.nodes.flatMap(({ outputs }) => outputs))
  const known = new Set(graph.constants.keys())
  const left: string[] = []
  for (const node of graph.nodes) {
    if (node.inputs.length === 0 || !node.inputs.every((name) => name === '' || known.has(name))) continue
    if (!isComputed(node)) continue
    for (const name of node.outputs) known.add(name)
    left.push(...node.outputs.filter((name) => own.has(name)))
  }
  return left.length > mostNames ? [] : left
}

const isComputed = ({ operator, domain, attributes }: Node): boolean =>
  domain === '' &&
  !notComputed.has(operator) &&
  Object.values(attributes).every((value) => typeof value !== 'object' || !('nodes' in value))
