import { invariant, unlessUserError, UserError } from '../errors.ts'
import { getOrMake } from '../get-or-make.ts'
import { must, present } from '../must.ts'
import type { Graph } from '../graph/graph.ts'
import type { ActivationLayer, LayerModel, OnnxOutput } from '../network/layer-model.ts'
import { beginAt } from './begin-at.ts'
import { describeTail, outputsOf } from './describe-tail.ts'
import { firstTensorOf, type Ends } from './first-tensor.ts'
import { lastNodes } from './last-nodes.ts'
import { checkSamples, constantOutput, lower, type Lowered } from './lower.ts'
import { foldConstants } from './passes/fold-constants.ts'
import { dropIdleClamps } from './passes/drop-idle-clamps.ts'
import { fuseLinear } from './passes/fuse-linear.ts'
import { joinClamps, type Bounds } from './passes/join-clamps.ts'
import { nameLayers } from './passes/name-layers.ts'
import { poolBeforeScale } from './passes/pool-before-scale.ts'
import { recogniseActivations } from './passes/recognise-activations.ts'
import { removeDeadLayers } from './passes/remove-dead-layers.ts'
import { formOf, readIntegers } from './quantised/read-integers.ts'
import { prune, type Choice } from './prune.ts'
import { standardised } from './standardised.ts'
import { splitTail, type SplitGraph } from './split-tail.ts'
import { possibleRanges } from './value-ranges.ts'

/** What normalising came to: a model, or the nodes that stand in the way. */
export interface Examination extends Lowered, Ends {
  readonly model: LayerModel | undefined
  /** Every value that does not depend on the input, by name. */
  readonly constants: Graph['constants']
  /** Names of the nodes of the tail. */
  readonly afterDecryption?: ReadonlySet<string>
}

/**
 * The passes of normalising, in order; each says in its own file what it changes, when, and why that is the same:
 * 1. `beginAt` and `prune` keep the outputs and what they need, from the input or from a chosen tensor on.
 * 2. `writeSequences` and `writeAsStandard` write sequences and operators of other domains by ONNX's own; `foldConstants` computes what does not depend on the input (`standardised.ts`).
 * 3. `readIntegers` reads quantised networks as networks on real numbers; weights and biases are folded again.
 * 4. `splitTail` leaves to the owner what can be done after decryption, where that is more than a softmax or a label.
 * 5. `recogniseActivations` finds activations that are written out.
 * 6. `lower` turns nodes into layers. On the way moving nodes, NHWC detours among them, become views (`values.ts`),
 *    zero padding goes into the window behind it (`take-padding.ts`), and branches with a known condition are taken.
 * 7. `removeDeadLayers`.
 * 8. `fuseLinear` folds batch normalisation and preprocessing into weights, and joins what is linear.
 * 9. `poolBeforeScale` moves scales out from between activations and max-pools; `fuseLinear` joins them with what follows.
 * 10. `nameLayers`.
 * Throws UserError where the graph breaks ONNX's rules.
 */
export function examine(file: Graph, choice: Choice): Examination {
  const graph = beginAt(file, choice, shapeAt)
  const standard = standardised(graph, choice)
  const whole = prune(foldConstants(readIntegers(standard, choice.onIntegers)), choice)
  const split = choice.wholeNetwork === true ? undefined : splitTail(whole)
  const examined = (part: Graph): Examination => examineOne(graph, part, choice)
  if (!split) return examined(single(whole))
  const last = lastNodes(whole)
  const isNamed = whole.outputs.length === 1 && split.nodes.every((node) => last.has(node))
  const plain = isNamed ? examined(whole) : undefined
  if (plain?.model) return plain
  const trunk = examined(split.trunk)
  if (!trunk.model) return trunk
  const known = new Map<string, { readonly shape: readonly number[] | undefined }>()
  /** Undefined where the network up to there cannot be lowered. */
  const shapeAnywhere = (name: string) =>
    getOrMake(known, name, () => ({ shape: shapeOfPart(trunk, split, name) ?? shapeElsewhere(whole, name) })).shape
  const tail = describeTail(whole, split, shapeAnywhere, trunk.input.batch)
  if (!tail) return examined(single(whole))
  for (const { shape } of tail.inputs) checkSamples(trunk.input, shape)
  const quantised = trunk.model.quantised && { ...trunk.model.quantised, ...integersOf(whole) }
  const model = { ...trunk.model, tail, onnxOutputs: outputsOf(tail), ...(quantised && { quantised }) }
  return { ...trunk, model, afterDecryption: new Set(split.nodes.map(({ name }) => name)) }
}

function integersOf({ outputs }: Graph) {
  const integers = outputs[0]?.integers
  return integers && { outputIntegers: integers }
}

/** Throws 'several-outputs' where there is more than one. */
function single(graph: Graph): Graph {
  if (graph.outputs.length === 1) return graph
  const names = graph.outputs.map((output) => `“${output.name}”`).join(', ')
  throw new UserError('several-outputs', `The network has ${graph.outputs.length} outputs: ${names}.`, {
    hint: 'Choose one with --output-name.',
  })
}

function shapeOfPart({ input, outcomes, outputShape }: Lowered, { parts }: SplitGraph, name: string) {
  if (name === input.name) return input.boundShape
  if (parts.length === 1 && name === parts[0]) return outputShape
  return outcomes.find(({ node }) => node.outputs[0] === name)?.shape
}

/** One graph of one output, without a tail. */
function examineOne(graph: Graph, folded: Graph, choice: Choice): Examination {
  const { onIntegers } = choice
  const { graph: recognised, origins } = recogniseActivations(folded)
  const pruned = prune(recognised)
  const lowered = lower(pruned, (node) => origins.get(node) ?? [node.name], choice)
  const { constants } = folded
  const { network, input, form, output, unsupported } = lowered
  const outputIntegers = pruned.outputs[0]?.integers
  const { outputStep } = network
  const quantisedForm = formOf(graph)
  if (unsupported.length > 0) {
    const lastTensor = lastOf(graph, lowered)
    const firstTensor = firstTensorOf(prune(graph, choice), new Set(unsupported.map(({ node }) => node)))
    const ends = { ...(lastTensor !== undefined && { lastTensor }), ...(firstTensor !== undefined && { firstTensor }) }
    return { ...lowered, constants, model: undefined, ...ends }
  }
  invariant(output !== undefined, 'a network without refusals has an output')
  const model: LayerModel = {
    name: graph.name,
    input: { name: input.name, shape: form.shape, onnxShape: input.onnxShape, layout: form.layout },
    layers: network.layers,
    output,
    finish: network.finish,
    onnxOutputs: [outputOf(pruned, lowered)],
    ...(quantisedForm && {
      quantised: {
        form: quantisedForm,
        ...(outputStep !== undefined && { outputStep }),
        ...(outputIntegers && { outputIntegers }),
      },
    }),
  }
  const finished = fuseLinear(poolBeforeScale(simplified(fuseLinear(removeDeadLayers(model)), onIntegers)))
  if (readsNothing(finished)) throw constantOutput()
  return { ...lowered, constants, model: nameLayers(finished, graph) }
}

/** A label has the dimensions that the file states, all of them one. */
function outputOf({ outputs }: Graph, { network, outputShape }: Lowered): OnnxOutput {
  const { name, shape } = present(outputs[0])
  if (network.finish !== 'argmax') return { name, shape: outputShape, elementType: 'float' }
  return { name, shape: shape?.map(() => 1) ?? [1], elementType: 'int' }
}

/** Whether only padding has reached the output. */
function readsNothing({ layers, output }: LayerModel): boolean {
  const last = layers.find(({ id }) => id === output)
  return last?.kind === 'linear' && last.terms.every(({ map }) => map.kind === 'sparse' && map.values.length === 0)
}

/** Of the file's own tensors; one that only moves the input is no network. */
function lastOf({ nodes }: Graph, { supported, network }: Lowered): string | undefined {
  const own = new Set(nodes.flatMap(({ outputs }) => outputs))
  return network.layers.length === 0 ? undefined : supported.findLast((name) => own.has(name))
}

/** Of what the trunk does not compute, such as a tensor that is only asked for its shape: layers are made, and not joined, for it. */
function shapeElsewhere(whole: Graph, name: string): readonly number[] | undefined {
  const part = unlessUserError(() =>
    lower(prune(recogniseActivations(prune(whole, { outputName: name })).graph), () => []),
  )
  return part?.unsupported.length === 0 ? part.outputShape : unlessUserError(() => shapeAt(whole, name))
}

/** The ONNX shape of any tensor, for one sample; undefined where it cannot be told. */
function shapeAt(graph: Graph, name: string): readonly number[] | undefined {
  const { model, outputShape } = examine(graph, { outputName: name })
  return model?.tail ? model.onnxOutputs?.[0]?.shape : model && outputShape
}

/** What is left of quantisers; nothing is, where the integers themselves are computed with. */
function simplified(model: LayerModel, onIntegers = false): LayerModel {
  if (
    onIntegers ||
    model.layers.every((layer) => layer.kind !== 'activation' || !('step' in layer.activation.parameters))
  )
    return model
  const joined = joinClamps(model)
  const ranges = possibleRanges(joined)
  const cannotLeave = ({ input }: ActivationLayer, { min, max, step }: Bounds): boolean => {
    const [least, greatest] = must(ranges, input)
    return least >= min - step / 2 && greatest <= max + step / 2
  }
  return fuseLinear(dropIdleClamps(joined, cannotLeave).model)
}
