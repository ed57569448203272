import { type Degree, isExact } from '../network/polynomial-model.ts'
import { type RefreshedModel, type SquareLayer, type SquareModel } from '../network/square-model.ts'
import {
  INPUT,
  type LayerId,
  type LayerModel,
  type LinearLayer,
  type LinearMap,
  type Shape,
} from '../network/layer-model.ts'
import { ownDegreeOf } from '../network/activations.ts'
import { rowsPerChannel, spreadRows, type PlaceAxis } from '../network/coefficient-rows.ts'
import { channelScale } from '../network/linear-maps.ts'
import { scaleMap } from '../network/scale-map.ts'
import { replacePools } from '../network/contrasts.ts'
import { splitPools as takeApart } from '../network/split-pools.ts'
import { must } from '../must.ts'

/**
 * A network of the same shape with polynomials, folded into squarings, for activations and for the contrasts of maximum
 * pools, as fits replace them: what can be planned, and so estimated, before there is any calibration data. Its values mean nothing.
 */
export function skeletonOf(model: LayerModel): SquareModel {
  const { layers, ...skeleton } = refreshedSkeletonOf(model)
  return { ...skeleton, layers: layers.filter((layer) => !isExact(layer)) }
}

export interface SkeletonOptions {
  /** Of all activations that are no polynomials; 2 unless given. */
  readonly degree?: Degree
  /** Of single activations, where it differs. */
  readonly degrees?: Readonly<Record<LayerId, Degree>>
  /** Layers that stay what they are. */
  readonly exact?: ReadonlySet<LayerId>
  /** Max-pools are taken apart into maxima of rows and columns: as many squarings more. */
  readonly splitPools?: boolean
  /** Polynomials differ by column or row of a channel, and so do the weights of the maps that read them. */
  readonly by?: PlaceAxis
}

/** As skeletonOf, with the layers that the owner computes. */
export function refreshedSkeletonOf(
  model: LayerModel,
  { degree = 2, degrees = {}, exact = new Set(), splitPools, by }: SkeletonOptions = {},
): RefreshedModel {
  const degreeOf = (id: LayerId): Degree => degrees[id] ?? degree
  const shapes = new Map<LayerId, Shape>([[INPUT, model.input.shape]])
  const layers: RefreshedModel['layers'][number][] = []
  /** The values that readers of an activation sum, as they do where a fitted polynomial is folded into squarings. */
  const parts = new Map<LayerId, readonly LayerId[]>()
  const partsOf = (id: LayerId): readonly LayerId[] => parts.get(id) ?? [id]
  const add = (layer: LinearLayer | SquareLayer): LayerId => {
    layers.push(layer)
    return layer.id
  }
  /** The sum itself, for those that take one value. */
  const summed = (id: LayerId, input: LayerId, sources: readonly string[]): LayerId => {
    const inputs = partsOf(input)
    if (inputs.length === 1) return inputs[0]
    const shape = must(shapes, input)
    return add({ kind: 'linear', id, sources, shape, ...identity(shape, inputs) })
  }
  const power = (id: LayerId, input: LayerId, { sources, shape }: Pick<LinearLayer, 'sources' | 'shape'>): LayerId =>
    add({ kind: 'square', id, sources, shape, input })
  const activate = (
    id: LayerId,
    source: LayerId,
    like: Pick<LinearLayer, 'sources' | 'shape'>,
    degree: Degree,
  ): void => {
    const input = summed(`${id}.input`, source, like.sources)
    if (degree === 2) {
      power(id, input, like)
      return
    }
    const moved = (name: string, from: LayerId): LayerId =>
      add({ kind: 'linear', id: `${id}.${name}`, ...like, ...identity(like.shape, [from]) })
    const squared = power(`${id}.square`, input, like)
    if (degree === 4) parts.set(id, [power(id, moved('inner', squared), like), input])
    else {
      const fourth = power(`${id}.fourth`, moved('inner', squared), like)
      parts.set(id, [power(id, moved('outer', fourth), like), squared, input])
    }
  }

  /** Activations whose polynomials differ by place. */
  const unlike = new Set<LayerId>()
  const asRead = (map: LinearMap, input: LayerId, shape: Shape): LinearMap => {
    if (!unlike.has(input)) return map
    const inShape = must(shapes, input)
    return scaleMap(map, [inShape, shape], unlikeScales(inShape, by), new Float64Array(shape[0]).fill(1))
  }

  const slots = replacePools(splitPools ? takeApart(model, exact) : model, exact)
  for (const layer of slots.layers) {
    const { id, sources, shape } = layer
    shapes.set(id, shape)
    if (layer.kind === 'linear') {
      const terms = layer.terms.flatMap(({ input, map: own }) => {
        const map = asRead(own, input, shape)
        return partsOf(input).map((part) => ({ input: part, map }))
      })
      layers.push({ ...layer, terms })
    } else if (layer.kind === 'max-pool' || (layer.kind === 'activation' && exact.has(id))) {
      layers.push({ ...layer, input: summed(`${id}.input`, layer.input, sources) })
    } else if (layer.kind === 'activation') {
      const ownDegree = ownDegreeOf(layer.activation)
      activate(id, layer.input, { sources, shape }, ownDegree ?? degreeOf(id))
      if (ownDegree === undefined && rowsPerChannel({ shape, by }) > 1) unlike.add(id)
    } else {
      const { input, taps } = layer
      const terms = `${id}.terms`
      shapes.set(terms, must(shapes, input))
      activate(terms, input, { sources, shape: must(shapes, input) }, degreeOf(id))
      const map = { ...channelScale(new Float64Array(shape[0] * taps).fill(1)), groups: shape[0] }
      const parts = partsOf(terms).map((part) => ({ input: part, map }))
      add({ kind: 'linear', id, sources, shape, terms: parts, bias: new Float64Array(shape[0]) })
    }
  }
  const last = slots.layers.find(({ id }) => id === model.output)
  const output = summed(`${model.output}.output`, model.output, last?.sources ?? [])
  return { ...model, layers, output, bounds: new Map() }
}

/** A factor for each element, another for each column or row. */
function unlikeScales(shape: Shape, by: PlaceAxis | undefined): Float64Array {
  const rows = shape[0] * rowsPerChannel({ shape, by })
  return spreadRows(
    Float64Array.from({ length: rows }, (_, row) => 1 + row / rows),
    { shape, by },
  )
}

function identity([channels]: Shape, inputs: readonly LayerId[]): Pick<LinearLayer, 'terms' | 'bias'> {
  const map = channelScale(new Float64Array(channels).fill(1))
  return { terms: inputs.map((input) => ({ input, map })), bias: new Float64Array(channels) }
}
