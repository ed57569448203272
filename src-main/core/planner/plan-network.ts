import type { SquareModel } from '../network/square-model.ts'
import { InternalError, UserError } from '../errors.ts'
import { must } from '../must.ts'
import { INPUT, sizeOf } from '../network/layer-model.ts'
import { LevelEvaluator } from '../plan/level-evaluator.ts'
import { chooseForms, typicalForms } from '../plan/choose-forms.ts'
import type { CkksParameters, PlannedNetwork } from '../plan/plan.ts'
import { runPlan } from '../plan/run-plan.ts'
import { kernelCosts, valuingBytes, type CostModel } from '../plan/cost-model.ts'
import { turnClearInputs } from './clear-input.ts'
import { emitPlan } from './emit.ts'
import { chooseGiven, type GivenParameters } from './given-parameters.ts'
import { interleave } from './interleave.ts'
import { chooseParameters, parameterCandidates, type ChosenParameters } from './parameters.ts'
import { paysForMasks, usualMsPerMegabyte } from './price.ts'
import { searchLayouts, type SearchResult, type SearchSettings } from './search.ts'
import { assignPrimes, stepsOf, type Step } from './steps.ts'

export interface PlanOptions {
  readonly input?: 'encrypted' | 'plain'
  /** Of the evaluator that will run the plan: the kernels unless told. */
  readonly costs?: CostModel
  readonly searchWidth?: number
  /** What a megabyte of bundle is worth in milliseconds of run time. */
  readonly msPerMegabyte?: number
  /** Images computed at once, a power of two; one unless told. */
  readonly batch?: number
  /** No smaller degree, and the largest scale. */
  readonly leastDegree?: number
  /** Takes the place of a choice of parameters. */
  readonly given?: GivenParameters
  /** Somebody simulates the plan's errors: scales that only they can tell to be large enough are allowed, and degrees that have no larger ones. */
  readonly isSimulated?: boolean
}

/**
 * Compiles a network of linear maps and squarings to CKKS instructions: the smallest degree that holds its
 * levels, layouts that minimise the estimated time. Deterministic. Throws UserError `too-deep`, `no-packing` or, within
 * given parameters, `update-does-not-fit`.
 */
export function planNetwork(model: SquareModel, options: PlanOptions = {}): PlannedNetwork {
  const { input = 'encrypted', searchWidth = 16, batch = 1 } = options
  const { msPerMegabyte = usualMsPerMegabyte } = options
  const { costs = kernelCosts } = options
  refuseLarge(model)
  const steps = stepsOf(model)
  const carried = model.carried ?? { inputs: [], outputs: [] }
  const { parameters, scaleBits, search, settings } = firstThatPacks(
    candidatesFor(model, steps, options),
    steps,
    {
      ...{ primes: assignPrimes(steps, model), input, width: searchWidth, inputShape: model.input.shape, carried },
      packsSparse: paysForMasks(msPerMegabyte) && batch === 1,
    },
    (parameters) => valuingBytes(costs, msPerMegabyte, typicalForms(parameters, costs, msPerMegabyte)),
    batch,
  )
  const single = emitPlan({
    steps,
    outputs: [model.output, ...carried.outputs],
    inputShape: model.input.shape,
    parameters,
    scale: 2 ** scaleBits,
    search,
    settings,
  })
  const planned = interleave(turnClearInputs(single), batch)
  checkLevels(planned)
  return options.given ? planned : { ...planned, plan: chooseForms(planned.plan, costs, msPerMegabyte) }
}

interface Candidate extends ChosenParameters {
  /** What layouts are searched for, where it is not the parameters themselves. */
  readonly searched?: CkksParameters
}

/** The parameters under which the layouts of given ones were found, before a smaller scale was: so that an update finds the same. */
function usualFor(given: GivenParameters, depth: number, headroom: number): ChosenParameters | undefined {
  const { polyModulusDegree, keySwitching } = given.parameters
  const keyPrimes = keySwitching && Math.min(1, keySwitching.keyPrimes.length)
  const choose = (isSimulated: boolean) => chooseParameters(polyModulusDegree, depth, headroom, keyPrimes, isSimulated)
  return choose(false) ?? choose(true)
}

function candidatesFor(model: SquareModel, steps: readonly Step[], options: PlanOptions): Candidate[] {
  const { costs = kernelCosts, leastDegree, isSimulated, given } = options
  // Only the kernels are fast with hybrid keys; whoever asks for a larger scale gets no key prime instead.
  const mostKeyPrimes = !costs.sharesOperations ? undefined : leastDegree === undefined ? 1 : 0
  const primes = assignPrimes(steps, model)
  const inputs = [INPUT, ...(model.carried?.inputs ?? []).map(({ id }) => id)]
  const depth = Math.max(...inputs.map((id) => must(primes, id))) - 1
  const headroom = headroomBits(model, steps)
  if (given) return [{ ...chooseGiven(given, depth, headroom), searched: usualFor(given, depth, headroom)?.parameters }]
  return parameterCandidates(depth, headroom, leastDegree, mostKeyPrimes, isSimulated)
}

/** Whether there is a degree for this network that only a plan whose errors are simulated may have. */
export function hasSmallerDegree(model: SquareModel, options: PlanOptions): boolean {
  const steps = stepsOf(model)
  const [usual, smaller] = [false, true].map(
    (isSimulated) => candidatesFor(model, steps, { ...options, isSimulated })[0],
  )
  return smaller.parameters.polyModulusDegree < usual.parameters.polyModulusDegree
}

/** A larger ring has more slots: where no packing fits the smallest, the next is tried. */
function firstThatPacks(
  candidates: readonly Candidate[],
  steps: readonly Step[],
  common: Omit<SearchSettings, 'degree' | 'slots' | 'costs'>,
  costsFor: (parameters: CkksParameters) => CostModel,
  batch: number,
): ChosenParameters & { readonly search: SearchResult; readonly settings: SearchSettings } {
  for (const [i, chosen] of candidates.entries()) {
    const degree = chosen.parameters.polyModulusDegree
    const settings = {
      ...common,
      costs: costsFor(chosen.searched ?? chosen.parameters),
      degree,
      slots: degree / 2 / batch,
    }
    try {
      return { ...chosen, settings, search: searchLayouts(steps, settings) }
    } catch (error) {
      const isLast = i === candidates.length - 1
      if (isLast || !(error instanceof UserError && error.code === 'no-packing')) throw error
    }
  }
  throw new InternalError('parameters are chosen from one candidate or more')
}

/** Elements of one layer beyond which packing would take longer than anyone waits. */
const mostElements = 2 ** 19

function refuseLarge(model: SquareModel): void {
  const inputs = [{ id: 'the input', shape: model.input.shape }, ...(model.carried?.inputs ?? [])]
  for (const { id, shape } of [...inputs, ...model.layers]) {
    if (sizeOf(shape) > mostElements) {
      throw new UserError(
        'too-large',
        `${id} has ${sizeOf(shape)} elements; the planner takes at most ${mostElements}.`,
        {
          where: { layer: id },
          hint: 'Use smaller inputs.',
        },
      )
    }
  }
}

/**
 * Bits that the result needs above the scale: its largest value, a sign, and one bit of safety. Its biases are encrypted
 * at the same level, and may be larger than what they leave.
 */
function headroomBits(model: SquareModel, steps: readonly Step[]): number {
  const outputs = new Set([model.output, ...(model.carried?.outputs ?? [])])
  let largest = Math.max(...[...outputs].map((id) => model.bounds.get(id) ?? 64))
  for (const step of steps) {
    if (step.kind !== 'linear' || !outputs.has(step.id)) continue
    for (const { bias } of step.variants) for (const value of bias) largest = Math.max(largest, Math.abs(value))
  }
  return Math.max(4, Math.ceil(Math.log2(largest + 1)) + 2)
}

/** Transform, then check: levels and scales of the finished plan are proved before any key exists. */
function checkLevels({ plan }: PlannedNetwork): void {
  const evaluator = new LevelEvaluator(plan)
  runPlan(
    plan,
    evaluator,
    plan.input.sources.map((_, register) => evaluator.input(register)),
  )
}
