import type { LayerId } from '../network/layer-model.ts'
import type { PlannedNetwork } from '../plan/plan.ts'
import type { RefreshCut } from './cut-network.ts'

export type PlannedCut = RefreshCut | { readonly kind: 'hand-off'; readonly after: LayerId }

/** The segments of a network in order, and what happens after each but the last. */
export interface PlannedSegments {
  readonly segments: readonly PlannedNetwork[]
  readonly cuts: readonly PlannedCut[]
}
