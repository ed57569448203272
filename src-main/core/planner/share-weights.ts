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
  const shared = share(network, masked)
  known.set(network, { masked, shared })
  return shared
}

function share(network: PlannedNetwork, masked: boolean): PlannedNetwork {
  if (!masked || network.masks === false) return compactWeights(network)
  const packed = packSparse(compactWeights(packRuns(network)))
  checkExpansions(packed.plan)
  return packed
}

/** Whether vectors of a plan share ciphertexts through masks. */
export const hasMasks = ({ expansions = [] }: Pick<Plan, 'expansions'>): boolean =>
  expansions.some(({ instructions }) => instructions.some(({ op }) => op === 'mask-sum'))
