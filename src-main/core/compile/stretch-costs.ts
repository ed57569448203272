import { UserError } from '../errors.ts'
import type { LayerModel } from '../network/layer-model.ts'
import type { SquareModel } from '../network/square-model.ts'
import { encryptedByOwner, kernelCosts } from '../plan/cost-model.ts'
import { estimatePlan } from '../plan/estimate.ts'
import { planNetwork } from '../planner/plan-network.ts'
import { shareWeights } from '../planner/share-weights.ts'
import { refreshedSkeletonOf, type SkeletonOptions } from '../planner/skeleton.ts'
import { breathe } from '../progress.ts'
import { cutNetwork } from '../segment/cut-network.ts'

export interface StretchCost {
  readonly bundleBytes: number
  readonly edgeSeconds: number
}

/** A narrow search does: these costs are compared with one another only. */
const SEARCH_WIDTH = 4

/**
 * What a network with exact cuts costs, as the network alone tells: the sum over its stretches between two cuts, each of
 * which is planned once, in whichever deployments it occurs.
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
    let [bundleBytes, edgeSeconds] = [0, 0]
    for (const [i, segment] of segments.entries()) {
      const key = JSON.stringify([i === 0, segment.carried, segment.layers.map(({ id, kind }) => [id, kind])])
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
    }
    return { bundleBytes, edgeSeconds }
  }

  #plan(segment: SquareModel, isFirst: boolean): StretchCost {
    const options = isFirst
      ? { input: this.#input }
      : { input: 'encrypted' as const, costs: encryptedByOwner(kernelCosts) }
    const simulated = { isSimulated: true, postponedBits: 0, searchWidth: SEARCH_WIDTH }
    const { plan } = shareWeights(planNetwork(segment, { ...options, ...simulated }))
    const { bundleBytes, secondsOnTwoThreads } = estimatePlan(plan, kernelCosts)
    return { bundleBytes, edgeSeconds: secondsOnTwoThreads }
  }
}

function unlessRefused<T>(plan: () => T): T | undefined {
  try {
    return plan()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return undefined
  }
}
