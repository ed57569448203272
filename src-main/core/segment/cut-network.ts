import type { SquareModel } from '../approximate/polynomial-model.ts'
import { InternalError, UserError } from '../errors.ts'
import { INPUT, type LayerId, type Shape } from '../normalise/layer-model.ts'

/** A network in parts that run one after the other; the owner refreshes the ciphertexts in between. */
export interface SegmentedModel {
  readonly segments: readonly SquareModel[]
  /** The layer after which each segment but the last ends. */
  readonly cuts: readonly LayerId[]
}

type Layer = SquareModel['layers'][number]

const inputsOf = (layer: Layer): readonly LayerId[] =>
  layer.kind === 'square' ? [layer.input] : layer.terms.map(({ input }) => input)

/**
 * Layers after which a single value is all that the rest of the network needs: a residual shortcut that
 * reaches over a layer rules it out.
 */
export function cutPoints({ layers, output }: SquareModel): LayerId[] {
  const lastReader = new Map<LayerId, number>()
  layers.forEach((layer, i) => inputsOf(layer).forEach((input) => lastReader.set(input, i)))
  const readLater = (id: LayerId, i: number): boolean => (lastReader.get(id) ?? -1) > i
  return layers.flatMap(({ id }, i) => {
    if (id === output) return []
    const crossing = [INPUT, ...layers.slice(0, i + 1).map((layer) => layer.id)].filter((before) =>
      readLater(before, i),
    )
    return crossing.length === 1 && crossing[0] === id ? [id] : []
  })
}

/**
 * Cuts a network after the given layers. Each segment's input is the value of the layer before it.
 * Throws UserError 'not-a-cut-point'.
 */
export function cutNetwork(model: SquareModel, cuts: readonly LayerId[]): SegmentedModel {
  const possible = cutPoints(model)
  const wrong = cuts.find((cut) => !possible.includes(cut))
  if (wrong !== undefined) {
    throw new UserError('not-a-cut-point', `The network cannot be cut after ${wrong}.`, {
      where: { layer: wrong },
      hint: `It can be cut after ${possible.join(', ') || 'no layer'}.`,
    })
  }
  const order = new Map(model.layers.map(({ id }, i) => [id, i]))
  const ends = [...new Set(cuts)].sort((a, b) => order.get(a)! - order.get(b)!)
  const outputs = [...ends, model.output]
  const segments = outputs.map((output, s): SquareModel => {
    const first = s === 0 ? 0 : order.get(ends[s - 1])! + 1
    const last = s === ends.length ? model.layers.length - 1 : order.get(output)!
    const layers = model.layers.slice(first, last + 1)
    return s === 0
      ? { ...model, layers, output, finish: s === ends.length ? model.finish : 'none' }
      : afterCut(model, layers, ends[s - 1], output, s === ends.length)
  })
  return { segments, cuts: ends }
}

function afterCut(
  model: SquareModel,
  layers: readonly Layer[],
  cut: LayerId,
  output: LayerId,
  isLast: boolean,
): SquareModel {
  const before = model.layers.find(({ id }) => id === cut)
  if (!before) throw new InternalError(`no layer ${cut}`)
  const { shape }: { shape: Shape } = before
  return {
    ...model,
    input: { name: cut, shape, onnxShape: [1, ...shape], layout: 'nchw' },
    layers: layers.map((layer) => readingInputFor(layer, cut)),
    output,
    finish: isLast ? model.finish : 'none',
  }
}

function readingInputFor(layer: Layer, cut: LayerId): Layer {
  if (layer.kind === 'square') return layer.input === cut ? { ...layer, input: INPUT } : layer
  return { ...layer, terms: layer.terms.map((term) => (term.input === cut ? { ...term, input: INPUT } : term)) }
}
