import type { Plan } from '../core/plan/plan.ts'
import { rehearse } from '../core/bundle/rehearse.ts'

/** One entry of keys: made on the chain of the first `primes` primes. */
export interface KeyGroup {
  readonly primes: number
  readonly relinearisation: boolean
  readonly steps: readonly number[]
}

/** Rotation keys are written in pieces of about this size, so that neither side holds all of them as bytes. */
const pieceBytes = 32 * 2 ** 20

/** The keys that a plan uses and no others, each on the shortest chain that serves its highest use. */
export function chooseKeys(plan: Plan): KeyGroup[] {
  const { relinearisationPrimes, rotationPrimes } = rehearse(plan)
  const byPrimes = new Map<number, number[]>()
  for (const [steps, primes] of rotationPrimes) byPrimes.set(primes, [...(byPrimes.get(primes) ?? []), steps])
  const rotations = [...byPrimes].flatMap(([primes, steps]) => {
    const keyBytes = 8 * plan.parameters.polyModulusDegree * primes * (primes + 1)
    return pieces(
      steps.sort((a, b) => a - b),
      Math.max(1, Math.floor(pieceBytes / keyBytes)),
    ).map((piece) => ({
      primes,
      relinearisation: false,
      steps: piece,
    }))
  })
  return relinearisationPrimes > 0
    ? [{ primes: relinearisationPrimes, relinearisation: true, steps: [] }, ...rotations]
    : rotations
}

const pieces = <T>(values: readonly T[], length: number): T[][] =>
  Array.from({ length: Math.ceil(values.length / length) }, (_, i) => values.slice(i * length, (i + 1) * length))
