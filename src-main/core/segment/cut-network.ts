import { isExact, type ExactLayer } from '../network/polynomial-model.ts'
import { type NamedValue, type RefreshedModel, type SquareLayer, type SquareModel } from '../network/square-model.ts'
import { invariant, UserError } from '../errors.ts'
import { lastOf, must, present } from '../must.ts'
import { INPUT, sizeOf, type LayerId, type LinearLayer } from '../network/layer-model.ts'
import { inputsOf, shapesOf } from '../network/run-layers.ts'
import type { RefreshKind } from './cut.ts'
import type { OwnerStep } from './owner-step.ts'

/** A network in parts that run one after the other, each under keys of its own; the owner refreshes in between. */
export interface SegmentedModel {
  readonly segments: readonly SquareModel[]
  /** What happens after each segment but the last. */
  readonly cuts: readonly RefreshCut[]
}

export interface RefreshCut {
  readonly after: LayerId
  readonly kind: RefreshKind
  readonly step: OwnerStep
}

type EdgeLayer = LinearLayer | SquareLayer

/** Consecutive layers of one segment, and what the owner computes after them. */
interface Part {
  readonly layers: EdgeLayer[]
  readonly exact: ExactLayer[]
  after: LayerId
}

/**
 * Cuts a network after the given layers, and at every exact one. Whatever is read behind a cut crosses it, residual
 * shortcuts included: the most recent value as the segment's input, the others beside it.
 * @throws UserError not-a-cut-point
 */
export function cutNetwork(model: RefreshedModel, cuts: readonly LayerId[]): SegmentedModel {
  const known = cutPoints(model)
  const wrong = cuts.find((cut) => !known.includes(cut) && !model.layers.some((l) => l.id === cut && isExact(l)))
  if (wrong !== undefined) throw notACutPoint(wrong, known)
  const parts = partsOf(model, new Set(cuts))
  const idle = parts.findIndex(({ layers }) => layers.length === 0)
  if (idle >= 0) {
    const at = present(parts[Math.max(0, idle - 1)]).after
    throw new UserError('not-a-cut-point', `At ${at} nothing is left for a node to compute.`, { where: { layer: at } })
  }
  const shapes = shapesOf(model)
  const named = (ids: readonly LayerId[]): NamedValue[] => ids.map((id) => ({ id, shape: must(shapes, id) }))
  const crossings = crossingsOf(model, parts)
  const segments = parts.map(({ layers }, i) =>
    segmentOf(model, layers, i === 0 ? undefined : named(present(crossings[i - 1]).inputs), crossings[i]?.outputs),
  )
  const refreshes = parts.slice(0, -1).map(({ after, exact }, i): RefreshCut => {
    const { outputs, inputs } = present(crossings[i])
    const step = { outputs: named(outputs), layers: exact, inputs }
    return { after, kind: exact.length > 0 ? 'exact' : 'refresh', step }
  })
  return { segments, cuts: refreshes }
}

/** Layers that a cut by refreshing may follow: all that a node computes but the last. */
export const cutPoints = ({ layers, output }: RefreshedModel): LayerId[] =>
  layers.flatMap((layer) => (layer.id === output || isExact(layer) ? [] : [layer.id]))

/** Cut points after which a single value is all that the rest of the network needs. */
export function narrowCutPoints(model: RefreshedModel): LayerId[] {
  const last = lastReaders(model)
  const live = new Set<LayerId>([INPUT])
  return model.layers.flatMap((layer, i) => {
    live.add(layer.id)
    for (const id of live) if ((last.get(id) ?? -1) <= i) live.delete(id)
    const isNarrow = live.size === 1 && live.has(layer.id)
    return isNarrow && layer.id !== model.output && !isExact(layer) ? [layer.id] : []
  })
}

const notACutPoint = (layer: LayerId, known: readonly LayerId[]): UserError =>
  new UserError('not-a-cut-point', `The network cannot be cut after ${layer}.`, {
    where: { layer },
    hint: `It can be cut after ${known.join(', ') || 'no layer'}.`,
  })

function partsOf(model: RefreshedModel, cuts: ReadonlySet<LayerId>): Part[] {
  const parts: Part[] = [{ layers: [], exact: [], after: model.output }]
  for (const layer of model.layers) {
    const part = lastOf(parts)
    const before = parts.at(-2)
    if (!isExact(layer)) {
      part.layers.push(layer)
      if (cuts.has(layer.id)) close(layer.id)
    } else if (part.layers.length === 0 && before) {
      // Nothing to compute between two exact layers: one refresh does both.
      before.exact.push(layer)
      before.after = layer.id
    } else {
      part.exact.push(layer)
      close(layer.id)
    }
  }
  return parts

  function close(after: LayerId): void {
    lastOf(parts).after = after
    parts.push({ layers: [], exact: [], after: model.output })
  }
}

interface Crossing {
  /** What the segment before returns, and what the one behind takes; the most recent value first. */
  readonly outputs: readonly LayerId[]
  readonly inputs: readonly LayerId[]
}

function crossingsOf(model: RefreshedModel, parts: readonly Part[]): Crossing[] {
  const last = lastReaders(model)
  const order = new Map(model.layers.map(({ id }, i) => [id, i]))
  /** What is still read somewhere behind, the oldest value first. */
  let alive: readonly LayerId[] = [INPUT]
  return parts.slice(0, -1).map(({ layers, exact }, i) => {
    const read = new Set(exact.flatMap(inputsOf))
    const behind = present(parts[i + 1]).layers.reduce((first, { id }) => Math.min(first, must(order, id)), Infinity)
    const isReadBehind = (id: LayerId): boolean => (last.get(id) ?? -1) >= behind
    const known = [...alive, ...layers.map(({ id }) => id)]
    const outputs = known.filter((id) => isReadBehind(id) || read.has(id)).reverse()
    alive = [...known, ...exact.map(({ id }) => id)].filter(isReadBehind)
    return { outputs, inputs: alive.toReversed() }
  })
}

/** For each value, the place of the last layer that reads it. */
function lastReaders({ layers, output }: RefreshedModel): Map<LayerId, number> {
  const last = new Map<LayerId, number>()
  layers.forEach((layer, i) => inputsOf(layer).forEach((input) => last.set(input, i)))
  return last.set(output, layers.length)
}

/** `inputs` is undefined for the first segment, `outputs` for the last. */
function segmentOf(
  model: RefreshedModel,
  layers: readonly EdgeLayer[],
  inputs: readonly NamedValue[] | undefined,
  outputs: readonly LayerId[] | undefined,
): SquareModel {
  const [input, ...otherInputs] = inputs ?? [{ id: INPUT, shape: model.input.shape }]
  const renamed = (id: LayerId): LayerId => (id === input?.id ? INPUT : id)
  const [output, ...otherOutputs] = outputs ? outputs.map(renamed) : [model.output]
  invariant(input && output !== undefined, 'Nothing crosses a cut.')
  const bound = model.bounds.get(input.id)
  const isWhole = otherInputs.length === 0 && otherOutputs.length === 0
  return {
    name: model.name,
    input: inputs
      ? { name: input.id, shape: input.shape, onnxShape: [1, sizeOf(input.shape)], layout: 'nchw' }
      : model.input,
    layers: layers.map((layer) => reading(layer, renamed)),
    output,
    finish: outputs ? 'none' : model.finish,
    bounds: bound === undefined ? model.bounds : new Map(model.bounds).set(INPUT, bound),
    ...(!isWhole && { carried: { inputs: otherInputs, outputs: otherOutputs } }),
  }
}

function reading(layer: EdgeLayer, renamed: (id: LayerId) => LayerId): EdgeLayer {
  if (layer.kind === 'square') return { ...layer, input: renamed(layer.input) }
  return { ...layer, terms: layer.terms.map((term) => ({ ...term, input: renamed(term.input) })) }
}
