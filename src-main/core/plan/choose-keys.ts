import { keySizeOf } from './key-form.ts'
import { dataPrimesOf, type Plan } from './plan.ts'
import { rehearse } from './rehearse.ts'
import { present } from '../must.ts'

/** One entry of keys: made on the chain of the first `primes` primes. */
export interface KeyGroup {
  readonly primes: number
  readonly relinearisation: boolean
  readonly steps: readonly number[]
}

/** Rotation keys are written in pieces of about this size, so that neither side holds all of them as bytes. */
const pieceBytes = 32 * 2 ** 20

/**
 * The tables of a chain take as long to compute as it takes to carry about eight keys of that chain, and each
 * process at the edge computes them; so a shorter chain must save more than that.
 */
const keysPerChain = 8

/** The keys that a plan uses and no others, on the chains that cost least altogether. */
export function chooseKeys(plan: Plan, rehearsed = rehearse(plan)): KeyGroup[] {
  const { relinearisationPrimes, rotationPrimes } = rehearsed
  const { keySwitching } = plan.parameters
  const needed = [...rotationPrimes.values()]
  // Nobody computes tables for hybrid keys, so each is made for what it serves.
  const chains = keySwitching
    ? [...new Set([relinearisationPrimes, ...needed])].sort((a, b) => a - b)
    : chooseChains(needed, dataPrimesOf(plan.parameters))
  const groups: KeyGroup[] = []
  if (relinearisationPrimes > 0) {
    const primes = chainFor(relinearisationPrimes, chains)
    groups.push({ primes, relinearisation: true, steps: [] })
  }
  for (const primes of chains) {
    const steps = [...rotationPrimes].filter(([, needed]) => chainFor(needed, chains) === primes).map(([step]) => step)
    const perPiece = Math.max(
      1,
      Math.floor(pieceBytes / (keySizeOf(plan.parameters, primes) * 8 * plan.parameters.polyModulusDegree)),
    )
    for (const piece of pieces(
      steps.sort((a, b) => a - b),
      perPiece,
    )) {
      groups.push({ primes, relinearisation: false, steps: piece })
    }
  }
  return groups
}

/** Residue polynomials of one seeded key of SEAL's form. */
const keySize = (primes: number): number => primes * (primes + 1)

const chainFor = (primes: number, chains: readonly number[]): number => present(chains.find((chain) => chain >= primes))

/** The whole chain is there anyway; of the shorter ones, the set that makes keys and tables smallest together. */
function chooseChains(needed: readonly number[], whole: number): number[] {
  const shorter = [...new Set(needed)].filter((primes) => primes < whole).sort((a, b) => a - b)
  const cost = (chains: readonly number[]): number =>
    chains.reduce((sum, chain) => sum + (chain < whole ? keysPerChain * keySize(chain) : 0), 0) +
    needed.reduce((sum, primes) => sum + keySize(chainFor(primes, chains)), 0)
  let best = [whole]
  for (;;) {
    const better = shorter
      .filter((chain) => !best.includes(chain))
      .map((chain) => [...best, chain].sort((a, b) => a - b))
      .sort((a, b) => cost(a) - cost(b))[0]
    if (!better || cost(better) >= cost(best)) return best
    best = better
  }
}

const pieces = <T>(values: readonly T[], length: number): T[][] =>
  Array.from({ length: Math.ceil(values.length / length) }, (_, i) => values.slice(i * length, (i + 1) * length))
