import type { SquareModel } from '../network/square-model.ts'
import { InternalError, invariant, UserError } from '../errors.ts'
import { INPUT, sizeOf } from '../network/layer-model.ts'
import { LevelEvaluator } from '../plan/level-evaluator.ts'
import { chooseForms, typicalForms } from '../plan/choose-forms.ts'
import type { CkksParameters, PlannedNetwork } from '../plan/plan.ts'
import { runPlan } from '../plan/run-plan.ts'
import { kernelCosts, valuingBytes, type CostModel } from '../plan/cost-model.ts'
import { turnClearInputs } from './clear-input.ts'
import { emitPlan } from './emit.ts'
import { scalesOf } from './chain-shape.ts'
import { interleave } from './interleave.ts'
import { levelsFor, type Candidate, type LevelOptions } from './levels.ts'
import type { ChosenParameters } from './parameters.ts'
import { paysForMasks, paysForSums, usualMsPerMegabyte } from './price.ts'
import { searchLayouts, type SearchResult, type SearchSettings } from './search.ts'
import { stepsOf, type Step } from './steps.ts'

export interface PlanOptions extends LevelOptions {
  readonly input?: 'encrypted' | 'plain'
  readonly searchWidth?: number
  /** What a megabyte of bundle is worth in milliseconds of run time. */
  readonly msPerMegabyte?: number
  /** Images computed at once, a power of two; one unless told. */
  readonly batch?: number
  /** Whether vectors that are mostly 0 may share ciphertexts where squarings are postponed and bytes are worth it; unless told they may. */
  readonly masks?: boolean
}

/**
 * Compiles a network of linear maps and squarings to CKKS instructions: the smallest degree that holds its
 * levels, layouts that minimise the estimated time. Deterministic. Throws UserError `too-deep`, `no-packing`,
 * `clear-input-added` or, within given parameters, `update-does-not-fit`.
 */
export function planNetwork(model: SquareModel, options: PlanOptions = {}): PlannedNetwork {
  const { input = 'encrypted', searchWidth = 16, batch = 1 } = options
  const { msPerMegabyte = usualMsPerMegabyte } = options
  const { costs = kernelCosts } = options
  refuseLarge(model)
  const steps = stepsOf(model)
  if (input === 'plain') refuseMixed(steps)
  const carried = model.carried ?? { inputs: [], outputs: [] }
  const { primes, postponed, candidates } = levelsFor(model, steps, options)
  const masks = postponed.size === 0 || (options.given?.masks ?? options.masks ?? true)
  const { parameters, shape, search, settings } = firstThatPacks(
    candidates,
    steps,
    {
      ...{ primes, postponed, input, width: searchWidth, inputShape: model.input.shape, carried },
      packsSparse: paysForMasks(msPerMegabyte) && batch === 1 && masks,
    },
    (parameters) => {
      const { keyMs, ...valued } = valuingBytes(costs, msPerMegabyte, typicalForms(parameters, costs, msPerMegabyte))
      return paysForSums(msPerMegabyte) ? { ...valued, keyMs } : valued
    },
    batch,
  )
  const single = emitPlan({
    steps,
    outputs: [model.output, ...carried.outputs],
    inputShape: model.input.shape,
    parameters,
    scales: scalesOf(shape),
    search,
    settings,
  })
  const planned = interleave(turnClearInputs(single), batch)
  checkFinished(planned)
  const { given } = options
  const result = { ...planned, ...(!masks && { masks }), ...(given && { loadPrime: given.loadPrime }) }
  return given ? result : { ...result, plan: chooseForms(planned.plan, costs, msPerMegabyte) }
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

/** Whatever the network is cut into. @throws UserError too-large */
export function refuseLarge(model: Pick<SquareModel, 'input' | 'layers' | 'carried'>): void {
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

/** One sum is of products with plaintexts or of products of ciphertexts. */
function refuseMixed(steps: readonly Step[]): void {
  const mixed = steps.find(({ inputs }) => inputs.includes(INPUT) && inputs.some((id) => id !== INPUT))
  if (!mixed) return
  throw new UserError('clear-input-added', `${mixed.id} adds the clear input to encrypted values.`, {
    where: { layer: mixed.id },
    hint: 'Encrypt the input.',
  })
}

/** Transform, then check: places, levels and scales of the finished plan are proved before any key exists. */
function checkFinished({ plan }: PlannedNetwork): void {
  for (const { id, packing } of plan.layers) {
    invariant(new Set(packing.positions).size === packing.positions.length, 'no two elements share a slot', {
      layer: id,
    })
  }
  const evaluator = new LevelEvaluator(plan)
  runPlan(
    plan,
    evaluator,
    plan.input.sources.map((_, register) => evaluator.input(register)),
  )
}
