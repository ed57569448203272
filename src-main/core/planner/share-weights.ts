import { expandedBytes, maxExpandedBytes } from '../plan/check-expansions.ts'
import type { Plan, PlannedNetwork } from '../plan/plan.ts'
import { checkExpansions, compactWeights } from './compact.ts'
import { packRuns } from './pack-runs.ts'
import { packSparse } from './pack-sparse.ts'
import { paysForMasks } from './price.ts'

/** A plan's errors and price are told by what it shares, and then it is taken as it is. */
const known = new WeakMap<PlannedNetwork, { readonly masked: boolean; readonly shared: PlannedNetwork }>()

/** What repeats is sent once; unless bytes are cheap, what masks can take apart shares ciphertexts too. */
export function shareWeights(network: PlannedNetwork, msPerMegabyte?: number): PlannedNetwork {
  const masked = paysForMasks(msPerMegabyte)
  const found = known.get(network)
  if (found?.masked === masked) return found.shared
  const shared = withinBounds(share(network, masked))
  known.set(network, { masked, shared })
  return shared
}

function share(network: PlannedNetwork, masked: boolean): PlannedNetwork {
  if (!masked || network.masks === false) return compactWeights(network)
  const packed = packSparse(compactWeights(packRuns(network)))
  checkExpansions(packed.plan)
  return packed
}

/**
 * Leaves out load programs beyond what an edge accepts (`checkExpansions`), rather those that make few weights each: these are then sent by
 * themselves.
 */
export function withinBounds(network: PlannedNetwork, mostBytes = maxExpandedBytes): PlannedNetwork {
  const { plan, expandedVectors } = network
  const { expansions = [] } = plan
  const sizes = expansions.map((expansion) => expandedBytes(plan, expansion))
  let left = mostBytes
  if (sizes.reduce((sum, bytes) => sum + bytes, 0) <= left || !expandedVectors) return network
  const sparingMost = [...expansions.keys()].sort((a, b) => expansions[b].results.length - expansions[a].results.length)
  const kept = sparingMost.filter((index) => {
    if (sizes[index] > left) return false
    left -= sizes[index]
    return true
  })
  return {
    ...network,
    plan: { ...plan, expansions: kept.map((index) => expansions[index]) },
    expandedVectors: (index) => expandedVectors(kept[index]),
  }
}

/** Whether vectors of a plan share ciphertexts through masks. */
export const hasMasks = ({ expansions = [] }: Pick<Plan, 'expansions'>): boolean =>
  expansions.some(({ instructions }) => instructions.some(({ op }) => op === 'mask-sum'))
