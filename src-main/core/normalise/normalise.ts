import { present } from '../must.ts'
import { UserError } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { examine } from './examine.ts'
import { endHints } from './first-tensor.ts'
import type { LayerModel } from '../network/layer-model.ts'
import type { Choice } from './prune.ts'

export type { Choice } from './prune.ts'
export { preflight, type PreflightReport } from './preflight.ts'

/**
 * Turns an ONNX graph into linear maps and activations that compute the same function of one sample. Throws
 * UserError: 'unsupported-operators' with every node that stands in the way, 'several-inputs', 'several-outputs',
 * 'dynamic-input', 'bad-node', 'bad-shape' and others for graphs that break ONNX's rules.
 */
export function normalise(graph: Graph, choice: Choice = {}): LayerModel {
  const { model, unsupported, ...examined } = examine(graph, choice)
  if (model) return model
  const list = unsupported.map(({ node, operator, reason }) => `${operator} “${node}”: ${reason}`)
  const { node, operator } = present(unsupported[0])
  throw new UserError('unsupported-operators', `These nodes cannot be protected:\n${list.join('\n')}`, {
    where: { node, operator },
    hint:
      [unsupported.find((entry) => entry.hint)?.hint ?? [], endHints(examined), otherOutputsHint(graph, choice)]
        .flat()
        .join(' ') || undefined,
  })
}

/** Where nothing of several outputs was chosen, one of them may do without these nodes. */
const otherOutputsHint = ({ outputs }: Graph, { outputName }: Choice): readonly string[] =>
  outputs.length === 1 || outputName !== undefined
    ? []
    : [
        `One of its ${outputs.length} outputs may do without them: --output-name ${outputs.map(({ name }) => name).join(' or ')}.`,
      ]
