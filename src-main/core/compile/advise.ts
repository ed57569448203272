import { evenly } from '../numeric/evenly.ts'
import { foldBetweenRefreshes } from '../approximate/fold-into-squares.ts'
import { CancelledError, UserError } from '../errors.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import type { Degree, PolynomialModel } from '../network/polynomial-model.ts'
import type { RefreshedModel } from '../network/square-model.ts'
import { classScores, isClassifier } from '../normalise/run-tail.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import { calibrateClamps } from '../normalise/calibrate-clamps.ts'
import { withPauses } from '../parts.ts'
import { refreshedSkeletonOf } from '../planner/skeleton.ts'
import { breathe, stepCounter, type WorkContext } from '../progress.ts'
import { exactLayersOf } from '../segment/choose-exact.ts'
import { WHOLE, type Split } from '../segment/cut.ts'
import { planInParts, type SegmentOptions } from '../segment/plan-segments.ts'
import { attributeLayers } from '../validate/attribute-layers.ts'
import { measureKept, type Kept } from '../validate/kept.ts'
import { approximateNetwork } from './approximate-network.ts'
import { isBeatenAnyway, isDeeperThanNeeded, unbeaten, type Candidate, type DeploymentChoice } from './candidates.ts'
import { needOf } from './compile.ts'
import { costsOf, leastOf, type DeploymentCosts } from './deployment-costs.ts'
import { holdOut } from './hold-out.ts'

export interface Advice {
  /** None is beaten by another in every respect. */
  readonly candidates: readonly Candidate[]
  /** Those that are beaten. */
  readonly beaten: readonly Candidate[]
  /** Those that were not measured to the end: whatever they keep, one that was costs less. */
  readonly skipped: readonly DeploymentChoice[]
  /** Deployments that cannot be, and why. */
  readonly impossible: readonly { readonly choice: DeploymentChoice; readonly problem: string }[]
  /** False where the work was stopped: the candidates are those found until then. */
  readonly complete: boolean
}

/** Samples of a trial fit: enough to compare; the network that is sealed is fitted to all. */
const TRIAL_SAMPLES = 400
const TRIAL_EPOCHS = 8
/** Samples that say which layer to keep exact. */
const ATTRIBUTED_SAMPLES = 60
/** Samples that bound the values of a plan and say how precise it has to be: fewer of large networks, never less than the least. */
const MOST_MULTIPLICATIONS = 4e9
const LEAST_PLANNED = 20
/** Plans are compared, not run: a narrow search does. */
const SEARCH_WIDTH = 8

type Fit = Pick<DeploymentChoice, 'degree' | 'degrees' | 'splitPools'> & { readonly exact: ReadonlySet<LayerId> }

interface Fitted {
  readonly polynomial: PolynomialModel
  readonly kept: Kept
}

/**
 * Tries deployments of a network that differ in degrees, in activations that stay exact and in where the owner refreshes.
 * What each keeps is measured on samples that its fit has not seen; what it costs is planned as `compile` plans it, by the
 * precision that its answers need. Ends early, with what was found, when the work is cancelled after the first candidate.
 * @throws UserError of the samples; CancelledError
 */
export async function advise(
  normalised: LayerModel,
  samples: readonly Float64Array[],
  input: 'encrypted' | 'plain',
  work: WorkContext,
): Promise<Advice> {
  const { model } = calibrateClamps(normalised, samples)
  const { fitted, heldOut } = holdOut(samples, countMultiplications(model))
  if (heldOut.length === 0) {
    throw new UserError('no-calibration', 'Too few samples to compare deployments.', {
      hint: 'Give 200 or more inputs like those the network will see. Labels are not needed.',
    })
  }
  const advisor = new Advisor(model, evenly(fitted, TRIAL_SAMPLES), heldOut, input, work)
  let complete = true
  try {
    await advisor.tryAll()
  } catch (error) {
    if (!(error instanceof CancelledError) || advisor.candidates.length === 0) throw error
    complete = false
  }
  const candidates = unbeaten(advisor.candidates)
  const beaten = advisor.candidates.filter((candidate) => !candidates.includes(candidate))
  return { candidates, beaten, skipped: advisor.skipped, impossible: advisor.impossible, complete }
}

class Advisor {
  readonly candidates: Candidate[] = []
  readonly skipped: DeploymentChoice[] = []
  readonly impossible: { readonly choice: DeploymentChoice; readonly problem: string }[] = []
  readonly #model: LayerModel
  readonly #samples: readonly Float64Array[]
  readonly #planned: readonly Float64Array[]
  readonly #heldOut: readonly Float64Array[]
  readonly #originals: readonly Float64Array[]
  readonly #input: 'encrypted' | 'plain'
  readonly #work: WorkContext
  readonly #clearSeconds: number
  readonly #fits = new Map<string, Fitted>()
  readonly #attributed = new Map<Degree, LayerId[]>()
  readonly #tried = new Set<string>()

  constructor(
    model: LayerModel,
    samples: readonly Float64Array[],
    heldOut: readonly Float64Array[],
    input: 'encrypted' | 'plain',
    work: WorkContext,
  ) {
    this.#model = model
    this.#samples = samples
    this.#planned = evenly(samples, affordable(model))
    this.#heldOut = heldOut
    this.#input = input
    this.#work = work
    const startedMs = performance.now()
    this.#originals = runLayerBatch(model, heldOut)
    this.#clearSeconds = (performance.now() - startedMs) / 1000 / heldOut.length
  }

  /** Cheap ones first, so that an early end leaves something to use. */
  async tryAll(): Promise<void> {
    const pools = this.#model.layers.some(({ kind }) => kind === 'max-pool')
    const both: readonly Degree[] = [2, 4]
    const base = { degrees: {}, splitPools: false }
    const exact: Split = { by: 'activations', kind: 'exact' }
    const plain = [WHOLE, ...[1, 2].map((refreshes): Split => ({ by: 'refreshes', refreshes, kind: 'refresh' }))]
    const trials: (() => Promise<void>)[] = [
      () => this.#try({ ...base, degree: 2, split: exact }),
      ...both.flatMap((degree) => plain.map((split) => () => this.#try({ ...base, degree, split }))),
      () => this.#tryWorstFourth(),
      ...(pools ? plain.map((split) => () => this.#try({ ...base, degree: 2, splitPools: true, split })) : []),
      ...[1, 2].flatMap((count) => both.map((degree) => () => this.#tryWorstExact(degree, count))),
      ...both.map((degree) => () => this.#try({ ...base, degree, split: { by: 'depth', kind: 'exact' } })),
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
    for (const refreshes of [0, 1]) {
      const split: Split = refreshes === 0 ? WHOLE : { by: 'refreshes', refreshes, kind: 'refresh' }
      await this.#try({ degree: 2, degrees, splitPools: false, split })
    }
  }

  /** The activations that lose most exact, and plain refreshes nowhere else. */
  async #tryWorstExact(degree: Degree, count: number): Promise<void> {
    const after = (await this.#worst(degree)).slice(0, count)
    if (after.length < count) return
    const cuts = after.map((id) => ({ after: id, kind: 'exact' as const }))
    await this.#try({ degree, degrees: {}, splitPools: false, split: { by: 'cuts', cuts } })
    await this.#try({
      degree,
      degrees: {},
      splitPools: false,
      split: { by: 'refreshes', refreshes: count, kind: 'exact' },
    })
  }

  /** Activations of the network, by the error that their polynomials add; of degree 2 where no other was worth fitting. */
  async #worst(wanted: Degree): Promise<LayerId[]> {
    const fitOf = (degree: Degree): Fit => ({ degree, degrees: {}, splitPools: false, exact: new Set() })
    const degree = this.#fits.has(keyOf(fitOf(wanted))) ? wanted : 2
    const order = this.#attributed.get(degree) ?? (await this.#attribute(fitOf(degree)))
    this.#attributed.set(degree, order)
    return order
  }

  async #attribute(fit: Fit): Promise<LayerId[]> {
    const { polynomial } = await this.#fit(fit)
    const known = new Set(this.#model.layers.map(({ id }) => id))
    const attribution = await attributeLayers(
      this.#model,
      polynomial,
      this.#heldOut.slice(0, ATTRIBUTED_SAMPLES),
      quiet(this.#work),
    )
    return attribution
      .toSorted((left, right) => right.errorAdded - left.errorAdded)
      .flatMap(({ name }) => (known.has(name) && name !== this.#model.output ? [name] : []))
  }

  async #try(choice: DeploymentChoice): Promise<void> {
    const { degree, splitPools, split } = choice
    if (isDeeperThanNeeded(this.candidates, choice)) {
      this.skipped.push(choice)
      return
    }
    try {
      const exact = exactLayersOf(this.#model, split, degree, splitPools)
      // Of mixed degrees, the lower: no more than the least is asked for.
      const skeleton = refreshedSkeletonOf(this.#model, { degree, exact, splitPools })
      const least = leastOf(await this.#forecasts(skeleton, split))
      if (this.#wasTried(choice, exact, least) || this.#isBeatenAnyway(choice, least)) return
      const { polynomial, kept } = await this.#fit({ ...choice, exact })
      if (this.#isBeatenAnyway(choice, least, kept)) return
      const squares = foldBetweenRefreshes(polynomial, this.#planned)
      const costs = await this.#costs(squares, split, { need: needOf(polynomial, this.#planned) })
      const { samples: _, ...keeps } = kept
      this.candidates.push({ ...choice, ...keeps, ...costs, clearSeconds: this.#clearSeconds })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      this.impossible.push({ choice, problem: error.message })
    }
  }

  /** Rules may come to the same cuts, and where every activation is exact degrees say nothing. */
  #wasTried(
    { degree, degrees, splitPools }: DeploymentChoice,
    exact: ReadonlySet<LayerId>,
    { cuts }: DeploymentCosts,
  ): boolean {
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

  /** What the network alone says of its costs, between which a fit will come to lie. @throws UserError where it cannot be planned at all */
  async #forecasts(skeleton: RefreshedModel, split: Split): Promise<DeploymentCosts[]> {
    // A fit may be planned in either way, and some networks only in the second.
    const postponed = { isSimulated: true, postponedBits: 0 }
    const forecasts: DeploymentCosts[] = []
    let problem: unknown
    for (const options of [{}, postponed]) {
      try {
        forecasts.push(await this.#costs(skeleton, split, options))
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        problem ??= error
      }
    }
    if (forecasts.length === 0) throw problem
    return forecasts
  }

  async #costs(model: RefreshedModel, split: Split, options: SegmentOptions): Promise<DeploymentCosts> {
    const parts = planInParts(model, split, { ...options, input: this.#input, searchWidth: SEARCH_WIDTH })
    return costsOf(await withPauses(parts, 'advise', quiet(this.#work)))
  }

  /** Fits of the same degrees with the same exact layers are made once. */
  async #fit(fit: Fit): Promise<Fitted> {
    const { degree, degrees, splitPools, exact } = fit
    const key = keyOf(fit)
    const known = this.#fits.get(key)
    if (known) return known
    const choice = { degree, degrees, splitPools, exact, tuningEpochs: TRIAL_EPOCHS }
    const { polynomial } = await approximateNetwork(this.#model, this.#samples, choice, quiet(this.#work))
    const outputs = runLayerBatch(polynomial, this.#heldOut)
    const fitted = {
      polynomial,
      kept: measureKept(
        this.#originals.map((each) => classScores(this.#model, each)),
        outputs.map((each) => classScores(this.#model, each)),
        this.#heldOut[0].length,
        isClassifier(this.#model),
      ),
    }
    this.#fits.set(key, fitted)
    return fitted
  }
}

const keyOf = ({ degree, degrees, splitPools, exact }: Fit): string =>
  JSON.stringify([degree, degrees, splitPools, [...exact].sort()])

const affordable = (model: LayerModel): number =>
  Math.max(LEAST_PLANNED, Math.floor(MOST_MULTIPLICATIONS / Math.max(1, countMultiplications(model))))

/** Trials are counted, not their steps, and their warnings are of networks that nobody chose. */
const quiet = ({ signal }: WorkContext): WorkContext => ({ progress: () => {}, ...(signal && { signal }) })
