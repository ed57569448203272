import type { SquareLayer, SquareModel } from '../network/square-model.ts'
import { applyLinearMap } from '../network/apply-linear-map.ts'
import { composeLinear, composeMaps, staysConvolution } from '../network/compose-linear.ts'
import {
  INPUT,
  sizeOf,
  type ConvMap,
  type LayerId,
  type LinearLayer,
  type LinearMap,
  type LinearTerm,
  type Shape,
} from '../network/layer-model.ts'
import { channelScale, expandBias } from '../network/linear-maps.ts'
import { getOrMake } from '../get-or-make.ts'
import { must, present } from '../must.ts'
import { poolStepOf, type PoolStep } from './pool.ts'
import { windowFactors } from './weights.ts'

/** What costs one level, unless a squaring is postponed: a squaring, or all linear maps between two squarings. */
export type Step = SquareStep | LinearStep

export interface SquareStep {
  readonly kind: 'square'
  readonly id: LayerId
  readonly shape: Shape
  readonly inputs: readonly [LayerId]
}

export interface LinearStep {
  readonly kind: 'linear'
  readonly id: LayerId
  readonly shape: Shape
  readonly inputs: readonly LayerId[]
  /** The same function in different forms, for the search to choose from. */
  readonly variants: readonly LinearVariant[]
}

export interface LinearVariant {
  readonly terms: readonly StepTerm[]
  /** One value per flattened output element. */
  readonly bias: Float64Array
}

export interface StepTerm {
  readonly input: LayerId
  /** A window sum before the map, by rotations; its factor is already in the map. */
  readonly pool: PoolStep | undefined
  /** The map's input shape: after the pool. */
  readonly shape: Shape
  readonly map: LinearMap
}

interface KeptPool {
  readonly input: LayerId
  readonly step: PoolStep
  readonly factors: Float64Array
  readonly bias: Float64Array
}

/** Weights that a composed map may have before a level of its own is cheaper in memory and time. */
const mostComposedWeights = 4_000_000

/**
 * The steps of a plan, in the model's order: maps that no squaring parts are one, a pool that rotations can sum is part of the
 * step behind it, and layers that another absorbs have none. Shapes are [C, H, W]; biases are flattened so.
 */
export function stepsOf(model: SquareModel): Step[] {
  const network = new Network(model)
  return model.layers.flatMap((layer): Step[] => {
    if (network.isAbsorbed(layer.id)) return []
    const { id, shape } = layer
    if (layer.kind === 'square') return [{ kind: 'square', id, shape, inputs: [layer.input] }]
    const variants = network.variantsOf(layer)
    return [{ kind: 'linear', id, shape, inputs: variants[0].terms.map((term) => term.input), variants }]
  })
}

/** What each step reads, without the work of composing maps: enough to count levels. */
export function stepStructure(model: SquareModel): Pick<Step, 'id' | 'inputs'>[] {
  const network = new Network(model)
  return model.layers.flatMap((layer) =>
    network.isAbsorbed(layer.id) ? [] : [{ id: layer.id, inputs: network.inputsOf(layer) }],
  )
}

class Network {
  readonly #layers: ReadonlyMap<LayerId, LinearLayer | SquareLayer>
  readonly #consumers = new Map<LayerId, (LinearLayer | SquareLayer)[]>()
  readonly #absorbed = new Map<LayerId, boolean>()
  readonly #inputs: ReadonlyMap<LayerId, Shape>
  readonly #outputs: ReadonlySet<LayerId>
  readonly #shapeOf = (id: LayerId): Shape => this.#inputs.get(id) ?? must(this.#layers, id).shape

  constructor(model: SquareModel) {
    const { inputs = [], outputs = [] } = model.carried ?? {}
    this.#inputs = new Map([[INPUT, model.input.shape], ...inputs.map(({ id, shape }) => [id, shape] as const)])
    this.#outputs = new Set([model.output, ...outputs])
    this.#layers = new Map(model.layers.map((layer) => [layer.id, layer]))
    for (const layer of model.layers) {
      for (const input of layer.kind === 'square' ? [layer.input] : layer.terms.map((term) => term.input)) {
        this.#consumers.set(input, [...(this.#consumers.get(input) ?? []), layer])
      }
    }
  }

  /** A linear layer that only one other linear layer reads becomes part of that one. */
  isAbsorbed(id: LayerId): boolean {
    return getOrMake(this.#absorbed, id, () => this.#decideAbsorbed(id))
  }

  /** What a layer reads once others are part of it. */
  inputsOf(layer: LinearLayer | SquareLayer): LayerId[] {
    if (layer.kind === 'square') return [layer.input]
    return layer.terms.flatMap(({ input }) =>
      this.isAbsorbed(input) ? this.inputsOf(must(this.#layers, input)) : [input],
    )
  }

  #decideAbsorbed(id: LayerId): boolean {
    const layer = this.#layers.get(id)
    const [consumer, ...others] = this.#consumers.get(id) ?? []
    if (layer?.kind !== 'linear' || consumer?.kind !== 'linear' || others.length > 0 || this.#outputs.has(id))
      return false
    return consumer.terms.every((term) => term.input !== id || this.#canCompose(layer, term.map, consumer.shape))
  }

  /** With the last pool before the map done by rotations, and with everything in one map. */
  variantsOf(layer: LinearLayer): LinearVariant[] {
    const composed = this.#collapse(layer, false)
    if (!this.#readsPool(layer)) return [composed]
    const pooled = this.#collapse(layer, true)
    const worthIt = composed.terms.every((term) => term.map.kind !== 'sparse')
    return worthIt ? [pooled, composed] : [pooled]
  }

  #readsPool(layer: LinearLayer): boolean {
    return layer.terms.some((term) => this.#poolOf(term) || this.#deeperPool(term))
  }

  #deeperPool(term: LinearTerm): boolean {
    const producer = this.#layers.get(term.input)
    return producer?.kind === 'linear' && this.isAbsorbed(term.input) && this.#readsPool(producer)
  }

  #collapse(layer: LinearLayer, keepPools: boolean): LinearVariant {
    let collapsed = layer
    for (;;) {
      const next = collapsed.terms.find((term) => this.isAbsorbed(term.input) && !(keepPools && this.#poolOf(term)))
      if (!next) break
      collapsed = composeLinear(this.#layers.get(next.input) as LinearLayer, collapsed, this.#shapeOf)
    }
    const bias = Float64Array.from(expandBias(collapsed.bias, collapsed.shape))
    const terms = collapsed.terms.map((term): StepTerm => {
      const pool = keepPools ? this.#poolOf(term) : undefined
      const shape = this.#shapeOf(term.input)
      if (!pool) return { input: term.input, pool: undefined, shape, map: term.map }
      applyLinearMap(term.map, shape, collapsed.shape, expandBias(pool.bias, shape), 1, bias)
      const stages = { input: shape, middle: shape, output: collapsed.shape }
      return {
        input: pool.input,
        pool: pool.step,
        shape,
        map: composeMaps(channelScale(pool.factors), term.map, stages),
      }
    })
    return { terms, bias }
  }

  /** The pool that a term reads, if rotations can do it: even, unpadded, of a value that is computed anyway. */
  #poolOf(term: LinearTerm): KeptPool | undefined {
    const pool = this.#layers.get(term.input)
    if (pool?.kind !== 'linear' || !this.isAbsorbed(pool.id) || !this.#isPool(pool)) return undefined
    const [{ input, map }] = pool.terms
    const factors = present(windowFactors(map, this.#shapeOf(input)))
    return { input, step: present(poolStepOf(map as ConvMap, pool.shape)), factors, bias: pool.bias }
  }

  #isPool({ terms, shape }: LinearLayer): boolean {
    const [{ input, map }] = terms
    if (terms.length !== 1 || this.#inputs.has(input) || this.isAbsorbed(input) || map.kind !== 'conv') return false
    return poolStepOf(map, shape) !== undefined && windowFactors(map, this.#shapeOf(input)) !== undefined
  }

  #canCompose(first: LinearLayer, second: LinearMap, out: Shape): boolean {
    return first.terms.every(({ input, map }) => {
      if (
        map.kind === 'conv' &&
        second.kind === 'conv' &&
        staysConvolution(map, second, this.#shapeOf(input), first.shape)
      )
        return true
      if (this.#isPool(first)) return true
      const [inputs, outputs] = [sizeOf(this.#shapeOf(input)), sizeOf(out)]
      if (map.kind === 'dense' || second.kind === 'dense') return inputs * outputs <= mostComposedWeights
      return fanIn(map, first.shape) * fanIn(second, out) * outputs <= mostComposedWeights
    })
  }
}

/** Inputs that one output reads, on average. */
function fanIn(map: LinearMap, out: Shape): number {
  if (map.kind === 'conv') return map.weight.length / out[0]
  return (map.kind === 'dense' ? map.weight.length : map.values.length) / sizeOf(out)
}

/**
 * Primes left after each step, so that the last leaves one and every step costs one, but for `postponed` ones; and the inputs'.
 * An input that is also an output has one to drop, so that what leaves is a value of its own.
 */
export function assignPrimes(
  steps: readonly Pick<Step, 'id' | 'inputs'>[],
  { output, carried }: Pick<SquareModel, 'output' | 'carried'>,
  postponed: ReadonlySet<LayerId> = new Set(),
): Map<LayerId, number> {
  const computed = new Set(steps.map(({ id }) => id))
  const outputs = [output, ...(carried?.outputs ?? [])]
  const primes = new Map<LayerId, number>(outputs.map((id) => [id, computed.has(id) ? 1 : 2]))
  for (const step of [...steps].reverse()) {
    const needed = (primes.get(step.id) ?? 1) + (postponed.has(step.id) ? 0 : 1)
    for (const input of step.inputs) primes.set(input, Math.max(primes.get(input) ?? 1, needed))
  }
  return primes
}
