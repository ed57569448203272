import { invariant } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { LayerModel } from '../network/layer-model.ts'
import { lower, type Lowered } from './lower.ts'
import { foldConstants } from './passes/fold-constants.ts'
import { fuseLinear } from './passes/fuse-linear.ts'
import { nameLayers } from './passes/name-layers.ts'
import { poolBeforeScale } from './passes/pool-before-scale.ts'
import { recogniseActivations } from './passes/recognise-activations.ts'
import { removeDeadLayers } from './passes/remove-dead-layers.ts'
import { prune, type Choice } from './prune.ts'

/** What normalising came to: a model, or the nodes that stand in the way. */
export interface Examination extends Lowered {
  readonly model: LayerModel | undefined
  /** Every value that does not depend on the input, by name. */
  readonly constants: Graph['constants']
}

/**
 * The passes of normalising, in order; each says in its own file what it changes, when, and why that is the same:
 * 1. `prune` keeps one output and what it needs.
 * 2. `foldConstants` computes what does not depend on the input.
 * 3. `recogniseActivations` finds activations that are written out.
 * 4. `lower` turns nodes into layers. On the way moving nodes, NHWC detours among them, become views (`values.ts`),
 *    zero padding goes into the window behind it (`take-padding.ts`), and branches with a known condition are taken.
 * 5. `removeDeadLayers`.
 * 6. `fuseLinear` folds batch normalisation and preprocessing into weights, and joins what is linear.
 * 7. `poolBeforeScale` moves scales out from between activations and max-pools; `fuseLinear` joins them with what follows.
 * 8. `nameLayers`.
 * Throws UserError where the graph breaks ONNX's rules.
 */
export function examine(graph: Graph, choice: Choice): Examination {
  const folded = prune(foldConstants(prune(graph, choice)), choice)
  const { graph: recognised, origins } = recogniseActivations(folded)
  const lowered = lower(prune(recognised, choice), (node) => origins.get(node) ?? [node.name])
  const { constants } = folded
  const { network, input, form, output, unsupported } = lowered
  if (unsupported.length > 0) return { ...lowered, constants, model: undefined }
  invariant(output !== undefined, 'a network without refusals has an output')
  const model: LayerModel = {
    name: graph.name,
    input: { name: input.name, shape: form.shape, onnxShape: input.onnxShape, layout: form.layout },
    layers: network.layers,
    output,
    finish: network.finish,
  }
  return {
    ...lowered,
    constants,
    model: nameLayers(fuseLinear(poolBeforeScale(fuseLinear(removeDeadLayers(model)))), graph),
  }
}
