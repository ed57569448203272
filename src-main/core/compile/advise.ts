import { evenly } from '../numeric/evenly.ts'
import { CancelledError, UserError } from '../errors.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import type { Degree } from '../network/polynomial-model.ts'
import { calibrateClamps } from '../normalise/calibrate-clamps.ts'
import { breathe, stepCounter, throwIfCancelled, type WorkContext } from '../progress.ts'
import { WHOLE, type Split } from '../segment/cut.ts'
import { attributeLayers } from '../validate/attribute-layers.ts'
import { exactGroupsOf } from '../segment/choose-exact.ts'
import { keepsEnough, lossOf, type Kept } from '../validate/kept.ts'
import {
  isBeatenAnyway,
  isDeeperThanNeeded,
  keepsAllAtDegree2,
  likelyKeeps,
  meetsGoal,
  unbeaten,
  type Candidate,
  type DeploymentChoice,
} from './candidates.ts'
import type { DeploymentCosts } from './deployment-costs.ts'
import { Deployments, quiet, type TrialSamples } from './deployments.ts'
import { holdOut } from './hold-out.ts'
import { choiceOf, promisingCuts, skeletonOptions } from './search-cuts.ts'
import { StretchCosts, type StretchCost } from './stretch-costs.ts'
import { present } from '../must.ts'

export interface Advice {
  /** None is beaten by another in every respect. */
  readonly candidates: readonly Candidate[]
  /** Those that are beaten. */
  readonly beaten: readonly Candidate[]
  /** Those that were not measured to the end: whatever they keep, one that was costs less. */
  readonly skipped: readonly DeploymentChoice[]
  /** Deployments that cannot be, and why. */
  readonly impossible: readonly { readonly choice: DeploymentChoice; readonly problem: string }[]
  /** Activations and maximum pools that could stay exact, those that must together as one. */
  readonly exactGroups: number
  /** Whether every choice of one or two of them was compared: in deeper networks those that lose most, and by depth. */
  readonly comparedAllExact: boolean
  /** False where the work was stopped: the candidates are those found until then. */
  readonly complete: boolean
  /** Deployments with more refreshes were not tried, since some with no more can be planned. */
  readonly triedRefreshes?: number
}

/** Samples of a trial fit: enough to compare; the network that is sealed is fitted to all. */
const TRIAL_SAMPLES = 400
/** Samples that say which layer to keep exact. */
const ATTRIBUTED_SAMPLES = 60
/** Relative error of a sample that is lost, however far off it is: by one that is thrown far off nothing could be chosen. */
const LOST = 1

/**
 * Tries deployments of a network that differ in degrees, in activations that stay exact and in where the owner refreshes.
 * What each keeps is measured on samples that its fit has not seen; what it costs is planned as `compile` plans it, by the
 * precision that its answers need. Ends early, with what was found, when the work is cancelled after the first candidate.
 * @param maxRefreshes - those with more are tried only where there are no others
 * @throws UserError of the samples; CancelledError
 */
export async function advise(
  normalised: LayerModel,
  samples: readonly Float64Array[],
  input: 'encrypted' | 'plain',
  maxRefreshes: number,
  work: WorkContext,
): Promise<Advice> {
  const { model } = calibrateClamps(normalised, samples)
  const { fitted, heldOut } = holdOut(samples, countMultiplications(model))
  if (heldOut.length === 0) {
    throw new UserError('no-calibration', 'Too few samples to compare deployments.', {
      hint: 'Give 200 or more inputs like those the network will see. Labels are not needed.',
    })
  }
  const advisor = new Advisor(model, { all: samples, fitted: evenly(fitted, TRIAL_SAMPLES), heldOut }, input, work)
  let complete = true
  let mostRefreshes = maxRefreshes
  try {
    await advisor.tryAll(mostRefreshes)
    if (advisor.candidates.length === 0 && mostRefreshes < Infinity) {
      mostRefreshes = Infinity
      await advisor.tryAll(mostRefreshes)
    }
  } catch (error) {
    if (!(error instanceof CancelledError) || advisor.candidates.length === 0) throw error
    complete = false
  }
  const candidates = unbeaten(advisor.candidates)
  const beaten = advisor.candidates.filter((candidate) => !candidates.includes(candidate))
  const { skipped, impossible } = advisor
  const exactGroups = exactGroupsOf(model).length
  return {
    candidates,
    beaten,
    skipped,
    impossible,
    exactGroups,
    comparedAllExact: exactGroups <= MOST_GROUPS,
    complete,
    ...(mostRefreshes < Infinity && { triedRefreshes: mostRefreshes }),
  }
}

/** Networks of more groups of activations are not compared cut by cut: every stretch between two cuts would be planned. */
const MOST_GROUPS = 10
/** Of one number of exact cuts; half as many of networks whose fits take a minute. */
const MOST_FITS = 6
const QUICK_MULTIPLICATIONS = 2e6
/** Share of the labels below which a fit is planned only where none keeps more. */
const WORTH_PLANNING = 0.9

class Advisor {
  readonly candidates: Candidate[] = []
  readonly skipped: DeploymentChoice[] = []
  readonly impossible: { readonly choice: DeploymentChoice; readonly problem: string }[] = []
  readonly #model: LayerModel
  readonly #deployments: Deployments
  readonly #attributed: readonly Float64Array[]
  readonly #work: WorkContext
  readonly #stretches: StretchCosts
  readonly #mostFits: number
  readonly #errors = new Map<Degree, ReadonlyMap<LayerId, number>>()
  readonly #tried = new Set<string>()
  #mostRefreshes = Infinity

  constructor(model: LayerModel, samples: TrialSamples, input: 'encrypted' | 'plain', work: WorkContext) {
    this.#model = model
    this.#deployments = new Deployments(model, samples, input, work)
    this.#stretches = new StretchCosts(model, input)
    this.#mostFits = MOST_FITS / (countMultiplications(model) > QUICK_MULTIPLICATIONS ? 2 : 1)
    this.#attributed = samples.heldOut.slice(0, ATTRIBUTED_SAMPLES)
    this.#work = work
  }

  /** Cheap ones first, so that an early end leaves something to use. */
  async tryAll(mostRefreshes: number): Promise<void> {
    this.#mostRefreshes = mostRefreshes
    const pools = this.#model.layers.some(({ kind }) => kind === 'max-pool')
    const both: readonly Degree[] = [2, 4]
    const base = { degrees: {}, splitPools: false }
    const exact: Split = { by: 'activations', kind: 'exact' }
    const counts = [1, 2].filter((each) => each <= mostRefreshes)
    const plain = [WHOLE, ...counts.map((refreshes): Split => ({ by: 'refreshes', refreshes, kind: 'refresh' }))]
    const trials: (() => Promise<void>)[] = [
      ...(exactGroupsOf(this.#model).length <= mostRefreshes
        ? [() => this.#try({ ...base, degree: 2, split: exact })]
        : []),
      ...both.flatMap((degree) => plain.map((split) => () => this.#try({ ...base, degree, split }))),
      () => this.#tryWorstFourth(),
      ...(pools ? plain.map((split) => () => this.#try({ ...base, degree: 2, splitPools: true, split })) : []),
      ...[1, 2].map((count) => () => this.#tryExactCuts(count)),
      ...both.map((degree) => () => this.#try({ ...base, degree, split: { by: 'depth', kind: 'exact' } })),
      ...[0, ...counts].map((refreshes) => () => this.#tryEighth(refreshes)),
    ]
    const step = stepCounter(this.#work, 'advise', trials.length)
    for (const trial of trials) {
      await trial()
      await breathe()
      step(`${unbeaten(this.candidates).length} to choose from`)
    }
  }

  /** Degree 4 for the half of the activations that lose most, where that is shallower than all of degree 4. */
  async #tryWorstFourth(): Promise<void> {
    const worst = await this.#worst(2)
    if (worst.length < 2) return
    const degrees = Object.fromEntries(worst.slice(0, Math.ceil(worst.length / 2)).map((id) => [id, 4 as const]))
    for (const refreshes of [0, 1].filter((each) => each <= this.#mostRefreshes)) {
      const split: Split = refreshes === 0 ? WHOLE : { by: 'refreshes', refreshes, kind: 'refresh' }
      await this.#try({ degree: 2, degrees, splitPools: false, split })
    }
  }

  /** Degree 8 in the place of what keeps most with so many refreshes, where nothing most likely keeps enough with them. */
  async #tryEighth(refreshes: number): Promise<void> {
    if (exactGroupsOf(this.#model).length > MOST_GROUPS) return
    const known = this.candidates.filter((candidate) => candidate.refreshes <= refreshes)
    if (known.some((candidate) => meetsGoal(candidate, 'small') && likelyKeeps(candidate))) return
    const best = known
      .filter((candidate) => candidate.refreshes === refreshes)
      .toSorted((left, right) => lossOf(left) - lossOf(right))[0]
    if (best && lossOf(best) > 0)
      await this.#try({ degree: 8, degrees: {}, splitPools: best.splitPools, split: best.split })
  }

  /** So many exact cuts: those of all that are cheapest for what they lose; in deep networks where most is lost, and by depth. */
  async #tryExactCuts(count: number): Promise<void> {
    if (count > this.#mostRefreshes) return
    const groups = exactGroupsOf(this.#model)
    if (groups.length > MOST_GROUPS) {
      for (const degree of [2, 4] as const) await this.#tryWorstExact(degree, count)
    } else if (count < groups.length) {
      for (const cost of ['bundleBytes', 'edgeSeconds'] as const) await this.#tryPromising(groups, count, cost)
    }
  }

  async #tryPromising(groups: readonly (readonly LayerId[])[], count: number, cost: keyof StretchCost): Promise<void> {
    const errors = new Map<Degree, ReadonlyMap<LayerId, number>>([[2, await this.#errorsOf(2)]])
    if (!this.candidates.some(keepsAllAtDegree2) && (await this.#keptBy(uniform(4))))
      errors.set(4, await this.#errorsOf(4))
    const promising = await promisingCuts(
      {
        ...{ groups: groups.length, degrees: [...errors.keys()] },
        errorOf: (group, degree) =>
          present(groups[group]).reduce((sum, id) => sum + Math.max(0, errors.get(degree)?.get(id) ?? 0), 0),
        costOf: async (settings) => {
          throwIfCancelled(this.#work)
          return (await this.#stretches.of(skeletonOptions(groups, settings)))?.[cost]
        },
      },
      count,
    )
    let best: { readonly choice: DeploymentChoice; readonly kept: Kept } | undefined
    for (const settings of promising.slice(0, this.#mostFits)) {
      const choice = choiceOf(groups, settings)
      const kept = await this.#keptBy(choice)
      if (!kept || (best && lossOf(kept) >= lossOf(best.kept))) continue
      best = { choice, kept }
      if (keepsEnough(kept, WORTH_PLANNING)) await this.#try(choice)
      if (lossOf(kept) === 0) break
    }
    if (best && !keepsEnough(best.kept, WORTH_PLANNING)) await this.#try(best.choice)
  }

  /** In networks of too many activations to compare all cuts. */
  async #tryWorstExact(degree: Degree, count: number): Promise<void> {
    const after = (await this.#worst(degree)).slice(0, count)
    if (after.length < count) return
    const base = { degree, degrees: {}, splitPools: false }
    const cuts = after.map((id) => ({ after: id, kind: 'exact' as const }))
    await this.#try({ ...base, split: { by: 'cuts', cuts } })
    await this.#try({ ...base, split: { by: 'refreshes', refreshes: count, kind: 'exact' } })
  }

  /** Activations of the network, those first whose polynomials add most error; of degree 2 where no other was worth fitting. */
  async #worst(wanted: Degree): Promise<LayerId[]> {
    const errors = await this.#errorsOf(this.#deployments.isFitted(uniform(wanted)) ? wanted : 2)
    return [...errors]
      .sort(([, left], [, right]) => right - left)
      .flatMap(([id]) => (id === this.#model.output ? [] : [id]))
  }

  /** What the polynomials of this degree add to the error, measured with all activations replaced by it. */
  async #errorsOf(degree: Degree): Promise<ReadonlyMap<LayerId, number>> {
    const errors = this.#errors.get(degree)
    if (errors) return errors
    const { polynomial } = await this.#deployments.fit(uniform(degree))
    const known = new Set(this.#model.layers.map(({ id }) => id))
    const options = { largestError: LOST }
    const attribution = await attributeLayers(this.#model, polynomial, this.#attributed, quiet(this.#work), options)
    const measured = new Map(
      attribution.flatMap(({ name, errorAdded }) => (known.has(name) ? [[name, errorAdded]] : [])),
    )
    this.#errors.set(degree, measured)
    return measured
  }

  /** Undefined where it cannot be fitted. */
  async #keptBy(choice: DeploymentChoice): Promise<Kept | undefined> {
    try {
      return (await this.#deployments.fit(choice)).kept
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      this.impossible.push({ choice, problem: error.message })
      return undefined
    }
  }

  async #try(choice: DeploymentChoice): Promise<void> {
    if (isDeeperThanNeeded(this.candidates, choice)) {
      this.skipped.push(choice)
      return
    }
    try {
      const least = await this.#deployments.leastCosts(choice)
      if (least.refreshes > this.#mostRefreshes) return
      if (this.#wasTried(choice, least) || this.#isBeatenAnyway(choice, least)) return
      const { kept } = await this.#deployments.fit(choice)
      if (this.#isBeatenAnyway(choice, least, kept)) return
      this.candidates.push(await this.#deployments.measure(choice))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      this.impossible.push({ choice, problem: error.message })
    }
  }

  /** Rules may come to the same cuts, and where every activation is exact degrees say nothing. */
  #wasTried(choice: DeploymentChoice, { cuts }: DeploymentCosts): boolean {
    const { degree, degrees, splitPools } = choice
    const exact = this.#deployments.exactLayersOf(choice)
    const isApproximated = this.#model.layers.some(({ id, kind }) => kind !== 'linear' && !exact.has(id))
    const key = JSON.stringify([cuts, ...(isApproximated ? [degree, degrees, splitPools] : [])])
    const known = this.#tried.has(key)
    this.#tried.add(key)
    return known
  }

  /** Before its fit, or before it is planned to the end. */
  #isBeatenAnyway(choice: DeploymentChoice, least: DeploymentCosts, kept?: Kept): boolean {
    const beaten = isBeatenAnyway(this.candidates, choice, least, kept)
    if (beaten) this.skipped.push(choice)
    return beaten
  }
}

const uniform = (degree: Degree): DeploymentChoice => ({ degree, degrees: {}, splitPools: false, split: WHOLE })
