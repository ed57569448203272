import type { SquareLayer, SquareModel } from '../approximate/polynomial-model.ts'
import { INPUT, type LayerId, type LinearLayer, type LinearMap, type Shape } from '../normalise/layer-model.ts'
import { poolStepOf, type PoolStep } from './pool.ts'
import { biasPerElement, scaleMap, uniformFactor } from './weights.ts'

/** What costs one level: a squaring, or a linear map together with the pools before it. */
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
  readonly terms: readonly StepTerm[]
  /** One value per flattened output element. */
  readonly bias: Float64Array
}

export interface StepTerm {
  readonly input: LayerId
  readonly inputShape: Shape
  /** Window sums before the map, by rotations; their factors are already in the map. */
  readonly pools: readonly PoolStep[]
  /** The map's input shape: after the pools. */
  readonly shape: Shape
  readonly map: LinearMap
}

/** Groups a network's layers into steps; a pool that only one linear map reads joins that map. */
export function stepsOf(model: SquareModel): Step[] {
  const network = new Network(model)
  return model.layers.flatMap((layer): Step[] => {
    if (network.isAbsorbed(layer)) return []
    if (layer.kind === 'square') return [{ kind: 'square', id: layer.id, shape: layer.shape, inputs: [layer.input] }]
    const terms = layer.terms.map((term) => network.absorbPools(term.input, term.map))
    return [
      {
        kind: 'linear',
        id: layer.id,
        shape: layer.shape,
        inputs: terms.map((term) => term.input),
        terms,
        bias: biasPerElement(layer.bias, layer.shape),
      },
    ]
  })
}

class Network {
  private readonly layers: ReadonlyMap<LayerId, LinearLayer | SquareLayer>
  private readonly consumers = new Map<LayerId, (LinearLayer | SquareLayer)[]>()
  private readonly model: SquareModel

  constructor(model: SquareModel) {
    this.model = model
    this.layers = new Map(model.layers.map((layer) => [layer.id, layer]))
    for (const layer of model.layers) {
      for (const input of layer.kind === 'square' ? [layer.input] : layer.terms.map((term) => term.input)) {
        this.consumers.set(input, [...(this.consumers.get(input) ?? []), layer])
      }
    }
  }

  shapeOf(id: LayerId): Shape {
    return id === INPUT ? this.model.input.shape : this.layers.get(id)!.shape
  }

  /** True for a pool that its only consumer, a linear map, performs. */
  isAbsorbed(layer: LinearLayer | SquareLayer): boolean {
    const consumers = this.consumers.get(layer.id) ?? []
    if (layer.id === this.model.output || consumers.length !== 1 || consumers[0].kind !== 'linear') return false
    return this.poolOf(layer) !== undefined
  }

  absorbPools(input: LayerId, map: LinearMap): StepTerm {
    const pools: PoolStep[] = []
    const shape = this.shapeOf(input)
    let at = input
    let scaled = map
    for (let layer = this.layers.get(at); layer && this.isAbsorbed(layer); layer = this.layers.get(at)) {
      const pool = this.poolOf(layer)!
      pools.unshift(pool.step)
      scaled = scaleMap(scaled, pool.factor)
      at = pool.input
    }
    return { input: at, inputShape: this.shapeOf(at), pools, shape, map: scaled }
  }

  private poolOf(layer: LinearLayer | SquareLayer): { input: LayerId; step: PoolStep; factor: number } | undefined {
    if (layer.kind !== 'linear' || layer.terms.length !== 1 || layer.bias.some((bias) => bias !== 0)) return undefined
    const [{ input, map }] = layer.terms
    // The network's input is packed freely, so nothing is gained by pooling it with rotations.
    if (input === INPUT || map.kind !== 'conv') return undefined
    const factor = uniformFactor(map, this.shapeOf(input))
    const step = poolStepOf(map, layer.shape)
    return factor === undefined || factor === 0 || !step ? undefined : { input, step, factor }
  }
}

/** Primes left after each step, so that the last leaves one and every step costs one; and the input's. */
export function assignPrimes(steps: readonly Step[], output: LayerId): Map<LayerId, number> {
  const primes = new Map<LayerId, number>([[output, 1]])
  for (const step of [...steps].reverse()) {
    const needed = (primes.get(step.id) ?? 1) + 1
    for (const input of step.inputs) primes.set(input, Math.max(primes.get(input) ?? 1, needed))
  }
  return primes
}
