import { foldBetweenRefreshes } from '../approximate/fold-into-squares.ts'
import { UserError } from '../errors.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import type { RefreshedModel } from '../network/square-model.ts'
import { tellsQuantities } from '../network/quantities.ts'
import { classScores } from '../normalise/run-tail.ts'
import { evenly } from '../numeric/evenly.ts'
import { withPauses } from '../parts.ts'
import { refreshedSkeletonOf } from '../planner/skeleton.ts'
import type { WorkContext } from '../progress.ts'
import { exactLayersOf } from '../segment/choose-exact.ts'
import type { Split } from '../segment/cut.ts'
import { planInParts, type SegmentOptions } from '../segment/plan-segments.ts'
import { measureKept, type Kept } from '../validate/kept.ts'
import { approximateNetwork } from './approximate-network.ts'
import type { Candidate, DeploymentChoice } from './candidates.ts'
import { needOf } from './compile.ts'
import { inRange } from './in-range.ts'
import { costsOf, leastOf, type DeploymentCosts } from './deployment-costs.ts'

const TRIAL_EPOCHS = 8
/** Samples that bound the values of a plan and say how precise it has to be: fewer of large networks, never less than the least. */
const MOST_MULTIPLICATIONS = 4e9
const LEAST_PLANNED = 20
/** A narrow search does for forecasts; what is told of a deployment is planned as widely as it will be sealed, or the two are different plans. */
const SEARCH_WIDTH = 8

export interface Fitted {
  readonly polynomial: PolynomialModel
  readonly kept: Kept
}

export interface TrialSamples {
  /** By which plans are made as precise as those of `protect`: the smallest margin of many labels is smaller than that of few. */
  readonly all: readonly Float64Array[]
  readonly fitted: readonly Float64Array[]
  /** That no fit has seen. */
  readonly heldOut: readonly Float64Array[]
}

/** Deployments of one network, fitted and planned as trials: enough to compare them. */
export class Deployments {
  readonly #model: LayerModel
  readonly #samples: TrialSamples
  readonly #planned: readonly Float64Array[]
  /** Of the network on the samples that plans are made by, once one is. */
  #plannedOriginals: readonly Float64Array[] | undefined
  readonly #originals: readonly Float64Array[]
  readonly #input: 'encrypted' | 'plain'
  readonly #work: WorkContext
  readonly #clearSeconds: number
  readonly #exact = new Map<string, ReadonlySet<LayerId>>()
  readonly #fits = new Map<string, Fitted>()

  constructor(model: LayerModel, samples: TrialSamples, input: 'encrypted' | 'plain', work: WorkContext) {
    const { all, heldOut } = samples
    this.#model = model
    this.#samples = samples
    this.#planned = evenly(all, affordable(model))
    this.#input = input
    this.#work = quiet(work)
    const startedMs = performance.now()
    this.#originals = runLayerBatch(model, heldOut)
    this.#clearSeconds = (performance.now() - startedMs) / 1000 / heldOut.length
  }

  /** Activations that a choice leaves to the owner. @throws UserError not-a-cut-point, too-deep */
  exactLayersOf({ split, degree, splitPools }: DeploymentChoice): ReadonlySet<LayerId> {
    const key = JSON.stringify([split, degree, splitPools])
    const known = this.#exact.get(key) ?? exactLayersOf(this.#model, split, degree, splitPools)
    this.#exact.set(key, known)
    return known
  }

  /** The least in each respect of what a fit may come to cost, as the network alone tells. @throws UserError where it cannot be planned at all */
  async leastCosts(choice: DeploymentChoice): Promise<DeploymentCosts> {
    const { degree, degrees, splitPools, split } = choice
    const exact = this.exactLayersOf(choice)
    const skeleton = refreshedSkeletonOf(this.#model, { degree, degrees, exact, splitPools })
    // A fit may be planned in either way, and some networks only in the second.
    const postponed = { isSimulated: true, postponedBits: 0 }
    const forecasts: DeploymentCosts[] = []
    let problem: unknown
    for (const options of [{}, postponed]) {
      try {
        forecasts.push(await this.#costs(skeleton, split, { ...options, searchWidth: SEARCH_WIDTH }))
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        problem ??= error
      }
    }
    if (forecasts.length === 0) throw problem
    return leastOf(forecasts)
  }

  isFitted(choice: DeploymentChoice): boolean {
    return this.#fits.has(this.#keyOf(choice))
  }

  /** Fits of the same degrees with the same exact layers are made once. */
  async fit(choice: DeploymentChoice): Promise<Fitted> {
    const key = this.#keyOf(choice)
    const known = this.#fits.get(key)
    if (known) return known
    const { degree, degrees, splitPools } = choice
    const options = { degree, degrees, splitPools, exact: this.exactLayersOf(choice), tuningEpochs: TRIAL_EPOCHS }
    const { polynomial } = await approximateNetwork(this.#model, this.#samples.fitted, options, this.#work)
    const outputs = runLayerBatch(polynomial, this.#samples.heldOut)
    const fitted = {
      polynomial,
      kept: measureKept(
        this.#originals.map((each) => classScores(this.#model, each)),
        outputs.map((each) => classScores(this.#model, each)),
        tellsQuantities(this.#model),
      ),
    }
    this.#fits.set(key, fitted)
    return fitted
  }

  /** Fitted, and planned as `compile` plans it, by the precision that its answers need. @throws UserError where it cannot be planned */
  async measure(choice: DeploymentChoice): Promise<Candidate> {
    const { polynomial, kept } = await this.fit(choice)
    this.#plannedOriginals ??= runLayerBatch(this.#model, this.#planned)
    const { samples: planned, outputs } = inRange(this.#plannedOriginals, polynomial, this.#planned, this.#work)
    const squares = foldBetweenRefreshes(polynomial, planned)
    const costs = await this.#costs(squares, choice.split, { need: needOf(polynomial, planned, outputs) })
    const { samples: _, ...keeps } = kept
    return { ...choice, ...keeps, ...costs, clearSeconds: this.#clearSeconds }
  }

  async #costs(model: RefreshedModel, split: Split, options: SegmentOptions): Promise<DeploymentCosts> {
    const parts = planInParts(model, split, { ...options, input: this.#input })
    return costsOf(await withPauses(parts, 'advise', this.#work))
  }

  #keyOf(choice: DeploymentChoice): string {
    const { degree, degrees, splitPools } = choice
    return JSON.stringify([degree, degrees, splitPools, [...this.exactLayersOf(choice)].sort()])
  }
}

const affordable = (model: LayerModel): number =>
  Math.max(LEAST_PLANNED, Math.floor(MOST_MULTIPLICATIONS / Math.max(1, countMultiplications(model))))

/** Trials are counted, not their steps, and their warnings are of networks that nobody chose. */
export const quiet = (work: WorkContext): WorkContext => ({ ...work, progress: () => {} })
