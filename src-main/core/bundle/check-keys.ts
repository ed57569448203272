import { dataPrimesOf, type Plan } from '../plan/plan.ts'
import { type ManifestSegment } from './manifest.ts'
import { damagedBundle } from '../plan/damaged-bundle.ts'
import { rehearse } from '../plan/rehearse.ts'

/** Throws UserError 'damaged-bundle' unless a segment's keys are on its chain and serve all that its plan does. */
export function checkKeys(plan: Plan, { evaluationKeys }: ManifestSegment): void {
  const whole = dataPrimesOf(plan.parameters)
  if (evaluationKeys.some(({ primes }) => primes > whole)) throw damagedBundle('a key is above the modulus chain')
  const { relinearisationPrimes, rotationPrimes } = rehearse(plan)
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
