import { fittableSamples } from '../approximate/cap-samples.ts'
import { foldBetweenRefreshes } from '../approximate/fold-into-squares.ts'
import { UserError } from '../errors.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import type { DroppedClamp, LayerId, LayerModel, ModelInput } from '../network/layer-model.ts'
import type { Degree, PolynomialModel } from '../network/polynomial-model.ts'
import { calibrateClamps } from '../normalise/calibrate-clamps.ts'
import { isClassifier, tellsQuantities } from '../network/quantities.ts'
import { classScores, type Finishing } from '../normalise/run-tail.ts'
import { runLayerBatch, type AnyModel } from '../network/run-layers.ts'
import { isPlannable } from '../planner/parameters.ts'
import type { GivenParameters } from '../planner/given-parameters.ts'
import type { PlanOptions } from '../planner/plan-network.ts'
import { refreshedSkeletonOf } from '../planner/skeleton.ts'
import { evenly } from '../numeric/evenly.ts'
import { withPauses } from '../parts.ts'
import type { WorkContext } from '../progress.ts'
import { exactLayersOf } from '../segment/choose-exact.ts'
import { WHOLE, type Split } from '../segment/cut.ts'
import { checkCuts, planInParts, planSegments, type PlannedSegments } from '../segment/plan-segments.ts'
import type { PrecisionNeed } from '../segment/spare-bits.ts'
import { measureKept, type Kept } from '../validate/kept.ts'
import { approximateNetwork, type ApproximateChoice, type Approximation } from './approximate-network.ts'
import { holdOut } from './hold-out.ts'
import { inRange } from './in-range.ts'
import { present } from '../must.ts'

export interface CompileChoice extends ApproximateChoice, Pick<PlanOptions, 'batch' | 'msPerMegabyte'> {
  readonly input: 'encrypted' | 'plain'
  /** Where and how the network is cut into segments. Nowhere unless told: one that is too deep is then refused. */
  readonly split?: Split
  /** Of each stretch between two refreshes, where keys exist: the plan keeps to them. */
  readonly given?: readonly GivenParameters[]
}

/** What a pipeline is fed with and what it asks its surroundings for. */
export interface CompileHost {
  readonly work: WorkContext
  /** Preprocessed calibration samples for a network that takes this input, without labels. */
  readonly samples: (input: ModelInput) => Promise<readonly Float64Array[]>
  /** Runs and times one stage, by its name in docs/architecture.md. */
  readonly time: <T>(stage: string, run: () => T | Promise<T>) => Promise<T>
  /** Instead of approximateNetwork: to keep fits. */
  readonly approximate?: typeof approximateNetwork
  /** Refuses what is not worth planning, by throwing. */
  readonly accept?: (approximated: Approximated) => void
  /** Plans again until something else is met too, such as precision for scores; takes the least ring degree. */
  readonly replan?: (
    plan: (leastDegree?: number) => PlannedSegments,
    typical: Float64Array,
    finishing: Finishing,
  ) => PlannedSegments
}

/** A network after the stages that need no parameters. */
export interface Approximated extends Approximation {
  /** As normalised, without clamps of a quantiser that change nothing on the samples. */
  readonly model: LayerModel
  readonly droppedClamps: readonly DroppedClamp[]
  readonly samples: readonly Float64Array[]
  /** Those of the samples that the fit has seen. */
  readonly fitted: readonly Float64Array[]
  /** Measured on samples that were held out of the fit; absent where there were too few to hold any out. */
  readonly kept?: Kept
}

/** A network after every stage that needs no key. */
export interface Compiled extends PlannedSegments, Approximated {}

/**
 * The pipeline, in order. Each stage is a folder, a command and a screen of the same name, and turns one named type into
 * the next:
 *
 *   read         bytes                       → Graph            core/onnx
 *   normalise    Graph                       → LayerModel       core/normalise
 *   approximate  LayerModel + calibration    → PolynomialModel  core/approximate, core/tune
 *   fold         PolynomialModel             → SquareModel      core/approximate
 *   segment      SquareModel, or several with exact activations between them
 *                                            → PlannedSegments  core/segment, which plans each
 *   plan         SquareModel                 → PlannedNetwork   core/planner
 *
 * Whoever has the file reads and normalises it first. What follows needs keys, files or processes and lives outside core:
 * encrypt and export (owner/), run (edge/), decrypt (owner/).
 * @throws UserError what the stages say; CancelledError
 */
export async function compile(model: LayerModel, choice: CompileChoice, host: CompileHost): Promise<Compiled> {
  const approximated = await approximateModel(model, choice, host)
  host.accept?.(approximated)
  return { ...approximated, ...(await planModel(approximated, choice, host)) }
}

/** One sample does not tell how much quantities vary. */
const LEAST_QUANTITIES = 2

/** LayerModel → PolynomialModel, on calibration samples. Accuracy needs no more than this. */
export async function approximateModel(
  normalised: LayerModel,
  choice: Omit<CompileChoice, 'input'>,
  { samples: read, time, work, approximate = approximateNetwork }: CompileHost,
): Promise<Approximated> {
  const samples = await time('calibrate', () => read(normalised.input))
  const { model, dropped: droppedClamps } = await time('calibrate', () => calibrateClamps(normalised, samples))
  const split = choice.split ?? WHOLE
  const exact = exactLayersFor(model, split, choice)
  const maximumDepth = choice.maximumDepth ?? deepestOf(split)
  const { fitted, heldOut } = holdOut(samples, countMultiplications(model))
  const approximation = await time('approximate', () =>
    approximate(model, fitted, { ...choice, maximumDepth, exact }, work),
  )
  const areQuantities = tellsQuantities(model)
  if (heldOut.length < (areQuantities ? LEAST_QUANTITIES : 1)) {
    return { model, droppedClamps, samples, fitted, ...approximation }
  }
  const kept = await time('validate', () => {
    const scores = (network: AnyModel) => runLayerBatch(network, heldOut).map((each) => classScores(model, each))
    return measureKept(scores(model), scores(approximation.polynomial), areQuantities)
  })
  return { model, droppedClamps, samples, fitted, kept, ...approximation }
}

/** PolynomialModel → SquareModel, or several with exact layers between them → plans, one a segment. */
export async function planModel(
  { model, polynomial, samples }: Pick<Approximated, 'model' | 'polynomial' | 'samples'>,
  { split = WHOLE, input, batch, msPerMegabyte, given }: CompileChoice,
  { work, time, replan }: CompileHost,
): Promise<PlannedSegments> {
  return await time('plan', () => {
    const some = evenly(samples, fittableSamples(polynomial))
    const planned = inRange(runLayerBatch(model, some), polynomial, some, work)
    const squares = foldBetweenRefreshes(polynomial, planned.samples)
    const options = { input, batch, msPerMegabyte, given }
    const planFrom = (leastDegree?: number) => planSegments(squares, split, { ...options, leastDegree })
    if (replan) return replan(planFrom, present(samples[0]), polynomial)
    const need = given ? undefined : needOf(polynomial, planned.samples, planned.outputs)
    return withPauses(planInParts(squares, split, { ...options, need }), 'plan', work)
  })
}

/** What labels take; scores that are released take more, and have plans of their own. */
export const needOf = (
  polynomial: PolynomialModel,
  samples: readonly Float64Array[],
  outputs: readonly Float64Array[] = runLayerBatch(polynomial, samples),
): PrecisionNeed => ({
  samples,
  outputs,
  scoresOf: (outputs) => classScores(polynomial, outputs),
  isClassifier: isClassifier(polynomial),
})

/** Without cuts, no choice of degrees may need more levels than one segment holds. */
function deepestOf(split: Split): number | undefined {
  if (split.by !== 'cuts' || split.cuts.length > 0) return undefined
  let levels = 1
  while (isPlannable(levels + 1)) levels += 1
  return levels
}

/** Activations and maximum pools that a split leaves exact; refuses cuts and degrees that cannot be before the long work begins. */
export function exactLayersFor(model: LayerModel, split: Split, choice: ApproximateChoice): ReadonlySet<LayerId> {
  checkDegrees(model, choice)
  const degree = deepest(choice)
  const { splitPools } = choice
  const exact = exactLayersOf(model, split, degree, splitPools)
  checkCuts(refreshedSkeletonOf(model, { degree, exact, splitPools }), split)
  return exact
}

/** @throws UserError unknown-activation: a degree that would be of nothing is a mistake, or of another network. */
function checkDegrees({ layers }: LayerModel, { degrees = {} }: ApproximateChoice): void {
  const activations = layers.filter(({ kind }) => kind !== 'linear').map(({ id }) => id)
  const unknown = Object.keys(degrees).find((id) => !activations.includes(id))
  if (unknown === undefined) return
  throw new UserError('unknown-activation', `The network has no activation ${unknown}, for which a degree is given.`, {
    where: { layer: unknown },
    hint: activations.length > 0 ? `It has ${activations.join(', ')}.` : 'It has none.',
  })
}

/** The largest degree that an activation may get. */
export const deepest = ({ degree, degrees = {}, target }: ApproximateChoice): Degree =>
  Math.max(target === undefined ? degree : 8, ...Object.values(degrees)) as Degree
