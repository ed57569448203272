import { invariant, UserError } from '../errors.ts'
import type { LayerId } from '../network/layer-model.ts'
import type { CkksParameters } from '../plan/plan.ts'
import { must } from '../must.ts'
import { firstBitsOf, isPostponed, levelBitsOf, type ChainShape } from './chain-shape.ts'
import { SEAL_FORM } from '../plan/key-form.ts'
import { logQPOf, MAX_LOG_QP } from '../plan/security.ts'
import { nttPrimes } from '../numeric/primes.ts'

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
/** By how much a plan whose errors are simulated may fall below. */
const simulatedBits = 4
/** By how much more one whose squarings are postponed may: it adds most of its errors at larger scales. */
const postponedBits = 4

export interface ChosenParameters {
  readonly parameters: CkksParameters
  readonly shape: ChainShape
  readonly logQP: number
}

/** A key switch adds noise in proportion to q0 over the special prime; with this margin it drowns in rounding. */
const specialMarginBits = 3

/** Bits of a key prime above those of a data prime, whose place it takes in a digit. */
const keyPrimeMarginBits = 1

/** A key prime that is smaller serves neither digits nor masks. */
const leastLeftBits = 26

/** Bits above the least scale that are worth more than a second special prime. */
const comfortBits = 4

/**
 * The chain for one degree: q0 with `headroomBits` above the scale, `depth` rescaling primes, and a special
 * prime that is larger than any other. The largest scale that the bound allows, or undefined. Keys are hybrid where
 * `mostKeyPrimes` is given, and a key prime is taken where the scale stays comfortable with it: it halves the keys of the first
 * levels.
 */
export function chooseParameters(
  polyModulusDegree: number,
  depth: number,
  headroomBits: number,
  mostKeyPrimes?: number,
  isSimulated = false,
): ChosenParameters | undefined {
  const bound = boundOf(polyModulusDegree)
  const least = isSimulated ? leastScaleBits(polyModulusDegree) : must(minScaleBits, polyModulusDegree)
  const hybrid = mostKeyPrimes !== undefined
  for (let keyPrimes = mostKeyPrimes ?? 0; keyPrimes >= 0; keyPrimes--) {
    const leastScale = keyPrimes > 0 ? least + comfortBits : least
    for (let scaleBits = maxScaleBits; scaleBits >= leastScale; scaleBits--) {
      const firstBits = scaleBits + headroomBits
      const keyBits = scaleBits + keyPrimeMarginBits
      const specialBits = Math.min(maxPrimeBits, bound - depth * scaleBits - firstBits - keyPrimes * keyBits)
      if (specialBits < firstBits + specialMarginBits) continue
      const levelBits = new Array<number>(depth).fill(scaleBits)
      const chain = buildChain(polyModulusDegree, { firstBits, levelBits, specialBits })
      if (!chain) continue
      const more = nttPrimes(polyModulusDegree, keyBits, keyPrimes, new Set(chain))
      if (more.length !== keyPrimes) continue
      // What is left of the bound costs nothing as one more.
      const leftBits = Math.min(
        easySpecialBits,
        bound - depth * scaleBits - firstBits - keyPrimes * keyBits - specialBits,
      )
      if (keyPrimes > 0 && leftBits >= leastLeftBits) {
        more.push(...nttPrimes(polyModulusDegree, leftBits, 1, new Set([...chain, ...more])))
      }
      const parameters: CkksParameters = {
        ...{ polyModulusDegree, primes: chain.map(String) },
        // Every key has SEAL's form until the finished plan says how often each is used: choose-forms.ts.
        ...(hybrid && { keySwitching: { keyPrimes: more.map(String), forms: chain.slice(1).map(() => SEAL_FORM) } }),
      }
      const shape = { divided: levelBits.map(() => 'weights' as const), scaleBits, extraBits: 0, headroomBits }
      return { parameters, shape, logQP: logQPOf(parameters) }
    }
  }
  return undefined
}

/** The least scale with which a plan may be tried whose errors are simulated: smaller where squarings are postponed. */
export const leastScaleBits = (polyModulusDegree: number, isPostponed = false): number =>
  must(minScaleBits, polyModulusDegree) - simulatedBits - (isPostponed ? postponedBits : 0)

function boundOf(polyModulusDegree: number): number {
  const bound = MAX_LOG_QP.get(polyModulusDegree)
  invariant(bound !== undefined, `no security bound for degree ${polyModulusDegree}`)
  return bound
}

/** Bits of special primes at which sums of products with keys seldom need folding: docs/kernels.md. */
const easySpecialBits = 48

/** Special primes that are worth trying: more make keys smaller, each costs transforms. */
const mostSpecialPrimes = 4

/**
 * Chains for one degree and scale, with 1, 2, … special primes of like size that fill the bound, and hybrid keys. Which is best, the
 * finished plan says. Special primes exceed q0 by a margin, unless squarings are postponed: then only a simulation tells whether the
 * scale is large enough, and whether key switches may err more.
 */
export function parametersFor(polyModulusDegree: number, shape: ChainShape): ChosenParameters[] {
  const postponed = isPostponed(shape)
  const [firstBits, levelBits] = [firstBitsOf(shape), levelBitsOf(shape)]
  const room = boundOf(polyModulusDegree) - levelBits.reduce((sum, bits) => sum + bits, firstBits)
  const least = postponed ? Math.max(firstBits, ...levelBits) : firstBits + specialMarginBits
  return Array.from({ length: mostSpecialPrimes }, (_, i) => i + 1).flatMap((count) => {
    const most = count === 1 && !postponed ? maxPrimeBits : easySpecialBits
    const specialBits = Math.min(most, Math.floor(room / count))
    if (specialBits < least) return []
    const [special, ...more] = nttPrimes(polyModulusDegree, specialBits, count, new Set())
    if (more.length !== count - 1) return []
    const chain = buildChain(polyModulusDegree, { firstBits, levelBits, specialBits }, more)
    if (chain?.at(-1) !== special) return []
    const parameters: CkksParameters = {
      ...{ polyModulusDegree, primes: chain.map(String) },
      keySwitching: { keyPrimes: more.map(String), forms: chain.slice(1).map(() => SEAL_FORM) },
    }
    return [{ parameters, shape, logQP: logQPOf(parameters) }]
  })
}

/** The same at another scale, the result's as much larger as there is room for. */
export function parametersAtScale(
  polyModulusDegree: number,
  { divided, headroomBits }: Pick<ChainShape, 'divided' | 'headroomBits'>,
  scaleBits: number,
): ChosenParameters[] {
  const postponed = isPostponed({ divided })
  for (let extraBits = postponed ? mostExtraBits : 0; extraBits >= 0; extraBits--) {
    const found = parametersFor(polyModulusDegree, { divided, scaleBits, extraBits, headroomBits })
    if (found.length > 0) return found
  }
  return []
}

/** With larger scales wide primes would have more bits than special ones. */
export const mostPostponedBits = 23
/** Bits that the result's scale may have above the least: they are bits of q0, so of every value. */
const mostExtraBits = 16

/** All degrees that hold these levels, smallest first, with the largest scale from `leastBits` on; none where it is too small. */
export function postponedCandidates(
  shape: Pick<ChainShape, 'divided' | 'headroomBits'>,
  leastBits: number,
): ChosenParameters[] {
  return [...MAX_LOG_QP.keys()].flatMap((degree) => {
    const least = Math.max(leastBits, leastScaleBits(degree, true))
    for (let scaleBits = mostPostponedBits; scaleBits >= least; scaleBits--) {
      const [chosen] = parametersAtScale(degree, shape, scaleBits)
      if (chosen) return [chosen]
    }
    return []
  })
}

/** Whether any secure parameters hold so many levels, with a few bits of headroom. */
export const isPlannable = (depth: number): boolean =>
  [...MAX_LOG_QP.keys()].some((degree) => chooseParameters(degree, depth, EVERYDAY_HEADROOM_BITS) !== undefined)

/** Of a result of everyday size. */
export const EVERYDAY_HEADROOM_BITS = 8

export interface CandidateOptions {
  readonly leastDegree?: number
  readonly mostKeyPrimes?: number
  readonly isSimulated?: boolean
  /** Whose values need the headroom: named where no parameters have it. */
  readonly layer?: LayerId
}

/**
 * All degrees that can hold `depth` levels, smallest first.
 * @throws UserError too-deep, values-too-large
 */
export function parameterCandidates(
  depth: number,
  headroomBits: number,
  { leastDegree = 0, mostKeyPrimes, isSimulated = false, layer }: CandidateOptions = {},
): ChosenParameters[] {
  const degrees = [...MAX_LOG_QP.keys()].filter((degree) => degree >= leastDegree)
  const candidates = degrees.flatMap(
    (degree) => chooseParameters(degree, depth, headroomBits, mostKeyPrimes, isSimulated) ?? [],
  )
  if (candidates.length === 0 && isPlannable(depth)) {
    const message = `The ${depth} levels would fit, but results of ${headroomBits} bits do not: no secure parameters leave room for values that large.`
    throw new UserError('values-too-large', message, {
      ...(layer !== undefined && { where: { layer } }),
      hint: 'Such values come from too few calibration samples, or from data that is not scaled as in training.',
    })
  }
  if (candidates.length === 0) {
    throw new UserError('too-deep', `The network needs ${depth} levels; no secure parameters hold that many.`, {
      hint: 'Split the network into segments, or use activations of lower degree.',
    })
  }
  return candidates
}

interface ChainBits {
  readonly firstBits: number
  readonly levelBits: readonly number[]
  readonly specialBits: number
}

/** q0, a prime for each level, and the special one, none of them in `taken`. */
function buildChain(degree: number, bits: ChainBits, taken: readonly bigint[] = []): bigint[] | undefined {
  const used = new Set(taken)
  const chosen: bigint[] = []
  for (const size of [bits.specialBits, bits.firstBits, ...bits.levelBits]) {
    const [prime] = nttPrimes(degree, size, 1, used)
    if (prime === undefined) return undefined
    used.add(prime)
    chosen.push(prime)
  }
  const [special, ...others] = chosen
  return [...others, special]
}
