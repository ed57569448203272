import type { SquareModel } from '../network/square-model.ts'
import { unlessUserError } from '../errors.ts'
import { must } from '../must.ts'
import { INPUT, type LayerId } from '../network/layer-model.ts'
import { kernelCosts, type CostModel } from '../plan/cost-model.ts'
import type { CkksParameters } from '../plan/plan.ts'
import { isPostponed } from './chain-shape.ts'
import { chooseGiven, type GivenParameters } from './given-parameters.ts'
import {
  chooseParameters,
  mostPostponedBits,
  parameterCandidates,
  postponedCandidates,
  type ChosenParameters,
} from './parameters.ts'
import { dividedBy, postponableSquares } from './postpone.ts'
import { assignPrimes, stepsOf, type Step } from './steps.ts'

export interface LevelOptions {
  /** Of the evaluator that will run the plan: the kernels unless told. */
  readonly costs?: CostModel
  /** No smaller degree, and the largest scale. */
  readonly leastDegree?: number
  /** The smallest degree that holds the levels is passed over, where a larger one does too: its scales may be larger. */
  readonly isLarger?: boolean
  /** Takes the place of a choice of parameters. */
  readonly given?: GivenParameters
  /** Somebody simulates the plan's errors: scales that only they can tell to be large enough are allowed, and degrees that have no larger ones. */
  readonly isSimulated?: boolean
  /** The least bits of a scale with which squarings may be postponed (postpone.ts), where somebody simulates the plan's errors. */
  readonly postponedBits?: number
}

export interface Candidate extends ChosenParameters {
  /** What layouts are searched for, where it is not the parameters themselves. */
  readonly searched?: CkksParameters
}

export interface Levels {
  /** Left in each step's result, and the inputs. */
  readonly primes: ReadonlyMap<LayerId, number>
  /** Squarings that are not rescaled. */
  readonly postponed: ReadonlySet<LayerId>
  readonly candidates: readonly Candidate[]
}

/** Larger primes take more bytes, of weights and of q0: postponing pays where so few primes are left of those that were. */
const mostPrimesLeft = 0.7

/** What each step's result has left, and parameters that hold it, the smallest degree first. Throws UserError as planNetwork. */
export function levelsFor(model: SquareModel, steps: readonly Step[], options: LevelOptions): Levels {
  const { costs = kernelCosts, leastDegree, isLarger = false, isSimulated, given, postponedBits } = options
  const { headroom, layer } = headroomOf(model, steps)
  if (given) {
    const levels = assigned(model, steps, given.isPostponed)
    const chosen = chooseGiven(given, levels.divided, headroom)
    return { ...levels, candidates: [{ ...chosen, searched: searchedFor(chosen, headroom)?.parameters }] }
  }
  const usual = (): Levels => {
    const levels = assigned(model, steps, false)
    // Only the kernels are fast with hybrid keys; whoever asks for a larger scale gets no key prime instead.
    const mostKeyPrimes = !costs.sharesOperations ? undefined : leastDegree === undefined ? 1 : 0
    const options = { leastDegree, mostKeyPrimes, isSimulated, layer }
    const candidates = parameterCandidates(levels.depth, headroom, options)
    return { ...levels, candidates: candidates.slice(isLarger && candidates.length > 1 ? 1 : 0) }
  }
  if (postponedBits === undefined || !costs.sharesOperations || leastDegree !== undefined) return usual()
  const { divided, ...levels } = assigned(model, steps, true)
  const postpones = divided !== undefined && isPostponed({ divided })
  const candidates = postpones ? postponedCandidates({ divided, headroomBits: headroom }, postponedBits) : []
  if (candidates.length === 0) return usual()
  const other = unlessUserError(usual)
  const few = !other || primesOf(candidates[0]) <= mostPrimesLeft * primesOf(other.candidates[0])
  return few && (!other || degreeOf(candidates[0]) <= degreeOf(other.candidates[0])) ? { ...levels, candidates } : other
}

const primesOf = ({ shape }: Candidate): number => shape.divided.length + 1
const degreeOf = ({ parameters }: Candidate): number => parameters.polyModulusDegree

function assigned(model: SquareModel, steps: readonly Step[], postpones: boolean) {
  const postponed = postpones ? postponableSquares(steps, model) : new Set<LayerId>()
  const primes = assignPrimes(steps, model, postponed)
  const inputs = [INPUT, ...(model.carried?.inputs ?? []).map(({ id }) => id)]
  const depth = Math.max(...inputs.map((id) => must(primes, id))) - 1
  return { primes, postponed, depth, divided: dividedBy(steps, primes, depth, postponed) }
}

/** Whether there is a degree for this network that only a plan whose errors are simulated may have. */
export function hasSmallerDegree(model: SquareModel, options: LevelOptions): boolean {
  const steps = stepsOf(model)
  const [usual, smaller] = [false, true].map((isSimulated) =>
    degreeOf(levelsFor(model, steps, { ...options, isSimulated }).candidates[0]),
  )
  return smaller < usual
}

/** Whether planNetwork postpones squarings with these options. */
export function canPostpone(model: SquareModel, options: LevelOptions): boolean {
  const steps = stepsOf(model)
  return (unlessUserError(() => levelsFor(model, steps, options))?.postponed.size ?? 0) > 0
}

/** The parameters under which the layouts of given ones were found, before a smaller scale was: so that an update finds the same. */
function searchedFor({ parameters, shape }: ChosenParameters, headroomBits: number): ChosenParameters | undefined {
  const { polyModulusDegree, keySwitching } = parameters
  const { divided } = shape
  if (isPostponed(shape)) {
    const degrees = [0, mostPostponedBits].flatMap((least) => postponedCandidates({ divided, headroomBits }, least))
    return degrees.find((chosen) => degreeOf(chosen) === polyModulusDegree)
  }
  const keyPrimes = keySwitching && Math.min(1, keySwitching.keyPrimes.length)
  const choose = (isSimulated: boolean) =>
    chooseParameters(polyModulusDegree, divided.length, headroomBits, keyPrimes, isSimulated)
  return choose(false) ?? choose(true)
}

/**
 * Bits that the results need above the scale: their largest value, a sign, and one bit of safety. Their biases are encrypted
 * at the same level, and may be larger than what they leave. And whose value it is.
 */
function headroomOf(model: SquareModel, steps: readonly Step[]): { headroom: number; layer: LayerId } {
  const outputs = [...new Set([model.output, ...(model.carried?.outputs ?? [])])]
  const largestOf = (id: LayerId): number => {
    const step = steps.find((one) => one.id === id)
    const biases = step?.kind === 'linear' ? step.variants : []
    return biases.reduce((largest, { bias }) => bias.reduce(larger, largest), model.bounds.get(id) ?? 64)
  }
  const all = outputs.map((layer) => ({ layer, largest: largestOf(layer) }))
  const { layer, largest } = all.reduce((most, one) => (one.largest > most.largest ? one : most))
  return { headroom: Math.max(4, Math.ceil(Math.log2(largest + 1)) + 2), layer }
}

const larger = (largest: number, value: number): number => Math.max(largest, Math.abs(value))
