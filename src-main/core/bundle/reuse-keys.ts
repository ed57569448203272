import { chooseKeys, type KeyGroup } from '../plan/choose-keys.ts'
import type { Plan } from '../plan/plan.ts'
import { rehearse } from '../plan/rehearse.ts'
import type { ManifestSegment } from './manifest.ts'

type KeyEntries = ManifestSegment['evaluationKeys']

export interface ReusedKeys {
  /** Entries that serve the plan as they are. */
  readonly kept: KeyEntries
  /** What it uses besides. */
  readonly lacking: readonly KeyGroup[]
}

/** Which keys of a deployment a new plan takes, and which it lacks. An entry is taken whole or not at all. */
export function reuseKeys(plan: Plan, held: KeyEntries): ReusedKeys {
  const rehearsed = rehearse(plan)
  const { relinearisationPrimes, rotationPrimes } = rehearsed
  const serves = (made: number, needed = 0): boolean =>
    needed > 0 && (plan.parameters.keySwitching ? made === needed : made >= needed)
  const kept = held.filter(
    ({ primes, relinearisation, rotation }) =>
      (relinearisation === undefined || serves(primes, relinearisationPrimes)) &&
      (rotation === undefined || rotation.steps.every((step) => serves(primes, rotationPrimes.get(step)))),
  )
  const steps = new Set(kept.flatMap(({ rotation }) => rotation?.steps ?? []))
  const lacking = chooseKeys(plan, {
    ...rehearsed,
    relinearisationPrimes: kept.some(({ relinearisation }) => relinearisation !== undefined)
      ? 0
      : relinearisationPrimes,
    rotationPrimes: new Map([...rotationPrimes].filter(([step]) => !steps.has(step))),
  })
  return { kept, lacking }
}
