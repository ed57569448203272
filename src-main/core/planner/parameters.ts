import { invariant, UserError } from '../errors.ts'
import type { CkksParameters } from '../plan/plan.ts'
import { MAX_LOG_QP } from '../plan/security.ts'
import { nttPrimes } from './primes.ts'

/** The f64 kernels multiply residues of at most this many bits exactly. */
const maxPrimeBits = 50
/** Scales below this lose the network to encryption noise, which grows with the degree. */
const minScaleBits: ReadonlyMap<number, number> = new Map([
  [4096, 25],
  [8192, 26],
  [16384, 29],
  [32768, 31],
])
const maxScaleBits = 40

export interface ChosenParameters {
  readonly parameters: CkksParameters
  readonly scaleBits: number
  readonly logQP: number
}

/** A key switch adds noise in proportion to q0 over the special prime; with this margin it drowns in rounding. */
const specialMarginBits = 3

/**
 * The chain for one degree: q0 with `headroomBits` above the scale, `depth` rescaling primes, and a special
 * prime that is larger than any other. The largest scale that the bound allows, or undefined.
 */
export function chooseParameters(
  polyModulusDegree: number,
  depth: number,
  headroomBits: number,
): ChosenParameters | undefined {
  const bound = MAX_LOG_QP.get(polyModulusDegree)
  const least = minScaleBits.get(polyModulusDegree)
  invariant(bound !== undefined && least !== undefined, `no security bound for degree ${polyModulusDegree}`)
  for (let scaleBits = maxScaleBits; scaleBits >= least; scaleBits--) {
    const firstBits = scaleBits + headroomBits
    const specialBits = Math.min(maxPrimeBits, bound - depth * scaleBits - firstBits)
    if (specialBits < firstBits + specialMarginBits) continue
    const chain = buildChain(polyModulusDegree, { firstBits, scaleBits, specialBits }, depth)
    if (chain) return { parameters: { polyModulusDegree, primes: chain.map(String) }, scaleBits, logQP: logOf(chain) }
  }
  return undefined
}

/** Whether any secure parameters hold so many levels, with a few bits of headroom. */
export const isPlannable = (depth: number): boolean =>
  [...MAX_LOG_QP.keys()].some((degree) => chooseParameters(degree, depth, HEADROOM_BITS) !== undefined)

/** Of a result of everyday size. */
const HEADROOM_BITS = 8

/** All degrees that can hold `depth` levels, smallest first. */
export function parameterCandidates(depth: number, headroomBits: number, leastDegree = 0): ChosenParameters[] {
  const degrees = [...MAX_LOG_QP.keys()].filter((degree) => degree >= leastDegree)
  const candidates = degrees.flatMap((degree) => chooseParameters(degree, depth, headroomBits) ?? [])
  if (candidates.length === 0) {
    throw new UserError('too-deep', `The network needs ${depth} levels; no secure parameters hold that many.`, {
      hint: 'Split the network into segments, or use activations of lower degree.',
    })
  }
  return candidates
}

interface ChainBits {
  readonly firstBits: number
  readonly scaleBits: number
  readonly specialBits: number
}

function buildChain(degree: number, bits: ChainBits, depth: number): bigint[] | undefined {
  const [special] = nttPrimes(degree, bits.specialBits, 1, new Set())
  const [first] = nttPrimes(degree, bits.firstBits, 1, new Set())
  if (special === undefined || first === undefined) return undefined
  const middle = nttPrimes(degree, bits.scaleBits, depth, new Set([special, first]))
  return middle.length === depth ? [first, ...middle, special] : undefined
}

const logOf = (primes: readonly bigint[]): number => primes.reduce((sum, prime) => sum + Math.log2(Number(prime)), 0)
