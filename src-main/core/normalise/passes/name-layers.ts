import type { Graph } from '../../graph/graph.ts'
import type { LayerId, LayerModel } from '../../network/layer-model.ts'
import { INPUT } from '../../network/layer-model.ts'

type Layer = LayerModel['layers'][number]

/** A fused layer is called after the first of these among its nodes. */
const telling = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'AveragePool', 'GlobalAveragePool', 'Concat', 'Add']

/**
 * Name layers for people.
 * Before: ids of the nodes that came last, numbered with gaps. After: `<main operator>_<place in the network>`.
 * Conditions: none.
 */
export function nameLayers(model: LayerModel, graph: Graph): LayerModel {
  const operators = new Map(graph.nodes.map(({ name, operator }) => [name, operator]))
  const names = new Map<LayerId, LayerId>([[INPUT, INPUT]])
  model.layers.forEach((layer, index) => names.set(layer.id, `${mainOperator(layer, operators)}_${index + 1}`))
  const rename = (id: LayerId): LayerId => names.get(id) ?? id
  const layers = model.layers.map((layer): Layer => {
    const id = rename(layer.id)
    if (layer.kind !== 'linear') return { ...layer, id, input: rename(layer.input) }
    return { ...layer, id, terms: layer.terms.map((term) => ({ ...term, input: rename(term.input) })) }
  })
  return { ...model, layers, output: rename(model.output) }
}

function mainOperator(layer: Layer, operators: ReadonlyMap<string, string>): string {
  const own = layer.id.slice(0, layer.id.lastIndexOf('_'))
  if (layer.kind === 'activation' && 'step' in layer.activation.parameters) return 'clip'
  if (layer.kind !== 'linear') return own
  const found = new Set(layer.sources.map((name) => operators.get(name)))
  return telling.find((operator) => found.has(operator))?.toLowerCase() ?? own
}
