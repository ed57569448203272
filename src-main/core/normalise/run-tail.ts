import { InternalError } from '../errors.ts'
import { must, present } from '../must.ts'
import type { Tensor } from '../graph/graph.ts'
import { countOf } from '../graph/shapes.ts'
import { applyFinish } from '../network/finish.ts'
import type { Finish } from '../network/layer-model.ts'
import type { Tail, TailLabel } from '../network/tail.ts'
import { foldConstants } from './passes/fold-constants.ts'

/** What is left to the owner of a network's outputs. */
export interface Finishing {
  readonly finish: Finish
  readonly tail?: Tail
}

/** All tensors of a tail by name, for the outputs of one sample. */
export function runTail(tail: Tail, outputs: Float64Array): ReadonlyMap<string, Tensor> {
  const constants = new Map(tail.constants)
  let at = 0
  for (const { name, shape } of tail.inputs) {
    constants.set(name, { elementType: 'float', shape, data: outputs.slice(at, (at += countOf(shape))) })
  }
  const { opset, nodes } = tail
  const folded = foldConstants({ name: '', producer: '', opset, inputs: [], outputs: [], nodes, constants })
  const [left] = folded.nodes
  if (left) throw new InternalError(`“${left.name}” cannot be computed after decryption`)
  return folded.constants
}

/** The file's own outputs for one sample, by name; without a tail there is one, without a name. */
export function finishedParts({ finish, tail }: Finishing, outputs: Float64Array): Map<string, Float64Array> {
  const last = applyFinish(finish, outputs)
  if (!tail) return new Map([['', last]])
  const tensors = runTail(tail, last)
  return new Map(tail.outputs.map((name) => [name, must(tensors, name).data]))
}

/** The first of the file's own outputs. */
export function finishedOutput(model: Finishing, outputs: Float64Array): Float64Array {
  const [first] = finishedParts(model, outputs).values()
  return present(first)
}

/** The scores by which a label is found: the largest is the class, a single one is a yes above 0. */
export function classScores({ finish, tail }: Finishing, outputs: Float64Array): Float64Array {
  return tail ? present(labelScores(tail, applyFinish(finish, outputs))[0]) : outputs
}

/** The same for each label of a tail. */
export function labelScores(tail: Tail, outputs: Float64Array): Float64Array[] {
  const isRaw = ({ scores }: TailLabel): boolean => tail.inputs.length === 1 && scores === tail.inputs[0]?.name
  if (tail.labels.every(isRaw)) return tail.labels.map(() => outputs)
  const tensors = runTail(tail, outputs)
  return tail.labels.map((label) => {
    const { data } = must(tensors, label.scores)
    return label.isProbability && !isRaw(label) ? data.map((value) => value - 0.5) : data
  })
}
