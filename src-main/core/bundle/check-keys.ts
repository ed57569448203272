import { dataPrimesOf, type Plan } from '../plan/plan.ts'
import { keyBytesOf } from '../plan/key-form.ts'
import type { ManifestEntry, ManifestSegment } from './manifest.ts'
import { damagedBundle } from '../plan/damaged-bundle.ts'
import { rehearse } from '../plan/rehearse.ts'

/** @throws UserError damaged-bundle unless a segment's keys are on its chain and serve all that its plan does */
export function checkKeys(plan: Plan, { evaluationKeys }: ManifestSegment): void {
  const whole = dataPrimesOf(plan.parameters)
  if (evaluationKeys.some(({ primes }) => primes > whole)) throw damagedBundle('a key is above the modulus chain')
  const { relinearisationPrimes, rotationPrimes } = rehearse(plan)
  if (plan.parameters.keySwitching) {
    // A hybrid key serves the level alone that it is made for.
    for (const { primes, relinearisation, rotation } of evaluationKeys) {
      if (relinearisation !== undefined && primes !== relinearisationPrimes) refuseLevel('relinearisation', primes)
      const other = rotation?.steps.find((steps) => rotationPrimes.get(steps) !== primes)
      if (other !== undefined) refuseLevel(`rotations by ${other}`, primes)
    }
  }
  const relinearises = (primes: number): boolean =>
    evaluationKeys.some((key) => key.relinearisation !== undefined && key.primes >= primes)
  const rotates = (steps: number, primes: number): boolean =>
    evaluationKeys.some((key) => key.rotation?.steps.includes(steps) && key.primes >= primes)
  if (relinearisationPrimes > 0 && !relinearises(relinearisationPrimes)) {
    throw damagedBundle('it lacks the relinearisation key')
  }
  const missing = [...rotationPrimes].find(([steps, primes]) => !rotates(steps, primes))
  if (missing) throw damagedBundle(`it lacks the key for rotations by ${missing[0]}`)
}

function refuseLevel(what: string, primes: number): never {
  throw damagedBundle(`its key for ${what} is made for ${primes} primes, which is not what its plan says`)
}

/** @throws UserError damaged-bundle unless keys have as many bytes as their digits and primes take */
export function checkKeySizes(
  { parameters }: Plan,
  { evaluationKeys }: ManifestSegment,
  entries: readonly ManifestEntry[],
): void {
  const check = (name: string, keys: number, primes: number): void => {
    const bytes = entries.find((entry) => entry.name === name)?.bytes
    const expected = keys * keyBytesOf(parameters, primes)
    if (bytes === expected) return
    throw damagedBundle(
      `${name} has ${bytes} bytes, and keys of the digits and primes that its plan says have ${expected}`,
    )
  }
  for (const { primes, relinearisation, rotation } of evaluationKeys) {
    if (relinearisation !== undefined) check(relinearisation, 1, primes)
    if (rotation) check(rotation.entry, rotation.steps.length, primes)
  }
}
