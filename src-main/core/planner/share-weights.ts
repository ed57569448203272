import type { Plan, PlannedNetwork } from '../plan/plan.ts'
import { checkExpansions, compactWeights } from './compact.ts'
import { packSparse } from './pack-sparse.ts'
import { paysForMasks } from './price.ts'

/** What repeats is sent once; unless bytes are cheap, vectors that are mostly 0 share ciphertexts too. */
export function shareWeights(network: PlannedNetwork, msPerMegabyte?: number): PlannedNetwork {
  const compacted = compactWeights(network)
  if (!paysForMasks(msPerMegabyte) || network.masks === false) return compacted
  const packed = packSparse(compacted)
  checkExpansions(packed.plan)
  return packed
}

/** Whether vectors of a plan share ciphertexts through masks. */
export const hasMasks = ({ expansions = [] }: Pick<Plan, 'expansions'>): boolean =>
  expansions.some(({ instructions }) => instructions.some(({ op }) => op === 'mask'))
