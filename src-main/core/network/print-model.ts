import type { LayerModel, LinearMap } from './layer-model.ts'

/** One line per layer: what it is, where it reads, the shape it gives. */
export function printModel(model: LayerModel): string {
  const lines = model.layers.map((layer) => {
    const shape = layer.shape.join('×')
    switch (layer.kind) {
      case 'linear':
        return `${layer.id} = ${layer.terms.map(({ input, map }) => `${printMap(map)}(${input})`).join(' + ')} : ${shape}`
      case 'activation':
        return `${layer.id} = ${layer.activation.operator}(${layer.input}) : ${shape}`
      case 'max-pool':
        return `${layer.id} = max-pool ${layer.kernel.join('×')}/${layer.strides.join(',')}(${layer.input}) : ${shape}`
    }
  })
  const finish = model.finish === 'none' ? model.output : `${model.finish}(${model.output})`
  return [`input : ${model.input.shape.join('×')}`, ...lines, `output = ${finish}`].join('\n')
}

function printMap(map: LinearMap): string {
  if (map.kind !== 'conv') return map.kind
  const groups = map.groups > 1 ? ` in ${map.groups} groups` : ''
  return `conv ${map.kernel.join('×')}/${map.strides.join(',')} pads ${map.pads.join(',')}${groups}`
}
