import { UserError } from '../errors.ts'
import { INPUT, type LayerModel, type LinearMap } from '../network/layer-model.ts'
import type { SquareModel } from '../network/square-model.ts'
import { encryptedByOwner, kernelCosts } from '../plan/cost-model.ts'
import { estimatePlan } from '../plan/estimate.ts'
import { planCheapest } from '../planner/cheapest-degree.ts'
import { shareWeights } from '../planner/share-weights.ts'
import { refreshedSkeletonOf, type SkeletonOptions } from '../planner/skeleton.ts'
import { must } from '../must.ts'
import { breathe } from '../progress.ts'
import { cutNetwork } from '../segment/cut-network.ts'

/** Seconds are of two threads, memory is that of the stretch which needs most. */
export interface StretchCost {
  readonly bundleBytes: number
  readonly edgeSeconds: number
  readonly edgeMemoryBytes: number
}

/** A narrow search does: these costs are compared with one another, or tell their size only. */
const SEARCH_WIDTH = 4

/**
 * What a network with exact cuts costs, as the network alone tells: the sum over its stretches between two cuts. Of stretches
 * of the same structure, as the blocks of a ResNet are, one is planned, in whichever deployments they occur.
 */
export class StretchCosts {
  readonly #model: LayerModel
  readonly #input: 'encrypted' | 'plain'
  readonly #known = new Map<string, StretchCost | undefined>()

  constructor(model: LayerModel, input: 'encrypted' | 'plain') {
    this.#model = model
    this.#input = input
  }

  /** Undefined where a stretch cannot be planned. */
  async of(options: SkeletonOptions): Promise<StretchCost | undefined> {
    const segments = unlessRefused(() => cutNetwork(refreshedSkeletonOf(this.#model, options), []).segments)
    if (segments === undefined) return undefined
    let [bundleBytes, edgeSeconds, edgeMemoryBytes] = [0, 0, 0]
    for (const [i, segment] of segments.entries()) {
      const key = JSON.stringify([i === 0, structureOf(segment)])
      if (!this.#known.has(key)) {
        await breathe()
        this.#known.set(
          key,
          unlessRefused(() => this.#plan(segment, i === 0)),
        )
      }
      const cost = this.#known.get(key)
      if (cost === undefined) return undefined
      bundleBytes += cost.bundleBytes
      edgeSeconds += cost.edgeSeconds
      edgeMemoryBytes = Math.max(edgeMemoryBytes, cost.edgeMemoryBytes)
    }
    return { bundleBytes, edgeSeconds, edgeMemoryBytes }
  }

  #plan(segment: SquareModel, isFirst: boolean): StretchCost {
    const options = isFirst
      ? { input: this.#input }
      : { input: 'encrypted' as const, costs: encryptedByOwner(kernelCosts) }
    const simulated = { isSimulated: true, postponedBits: 0, searchWidth: SEARCH_WIDTH }
    const { plan } = shareWeights(planCheapest(segment, { ...options, ...simulated }))
    const { bundleBytes, secondsOnTwoThreads, edgeMemoryBytes } = estimatePlan(plan, kernelCosts)
    return { bundleBytes, edgeSeconds: secondsOnTwoThreads, edgeMemoryBytes }
  }
}

/** All that a plan depends on: neither names nor the values of weights. */
function structureOf({ input, layers, output, carried }: SquareModel): unknown {
  const places = new Map(
    [INPUT, ...(carried?.inputs ?? []).map(({ id }) => id), ...layers.map(({ id }) => id)].map((id, i) => [id, i]),
  )
  const place = (id: string): number => must(places, id)
  return [
    input.shape,
    carried && [carried.inputs.map(({ shape }) => shape), carried.outputs.map(place)],
    layers.map((layer) =>
      layer.kind === 'square'
        ? [layer.shape, place(layer.input)]
        : [layer.shape, layer.bias.length, layer.terms.map((term) => [place(term.input), mapStructureOf(term.map)])],
    ),
    place(output),
  ]
}

function mapStructureOf(map: LinearMap): unknown {
  if (map.kind === 'dense') return map.weight.length
  if (map.kind === 'sparse') return [[...map.rowStarts], [...map.columns], map.geometry]
  const { weight, ...geometry } = map
  return [weight.length, geometry]
}

function unlessRefused<T>(plan: () => T): T | undefined {
  try {
    return plan()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return undefined
  }
}
