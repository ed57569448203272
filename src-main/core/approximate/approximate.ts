import { beside } from '../beside.ts'
import { canScaleElements } from '../network/scale-map.ts'
import { countMultiplications } from '../network/count-multiplications.ts'
import { rowsPerChannel } from '../network/coefficient-rows.ts'
import type { PlaceAxis } from '../network/coefficient-rows.ts'
import type { SlotModel } from '../network/contrasts.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { LayerId, LayerModel } from '../network/layer-model.ts'
import type { PolynomialModel } from '../network/polynomial-model.ts'
import { evenly } from '../numeric/evenly.ts'
import { stepCounter } from '../progress.ts'
import type { WorkContext } from '../progress.ts'
import { withDistortions } from '../tune/distort.ts'
import type { Movement } from '../tune/distort.ts'
import { isBetter, Judge } from '../tune/judge.ts'
import type { Evidence } from '../tune/judge.ts'
import { keptMovements } from '../tune/movements.ts'
import { tune } from '../tune/tune.ts'
import { checkCalibration, warnOfOneLabel, ENOUGH_TO_FIT } from './calibration.ts'
import { affordableSamples, capSamples } from './cap-samples.ts'
import { fitAll, fitLayers, nextFit } from './fit-network.ts'
import type { ClosedForm, LayersToFit } from './fit-network.ts'
import { observeRanges } from './observe-ranges.ts'
import { exactLayersOf } from './options.ts'
import type { ApproximationOptions } from './options.ts'
import { replacePools } from '../network/contrasts.ts'
import { splitPools } from '../network/split-pools.ts'

/** Every tenth sample judges and is not fitted to; of many samples every so-manieth, since a thousand judge well. */
const [UNSEEN_PERIOD, MOST_UNSEEN] = [10, 1000]

function isUnseenOf(count: number): (index: number) => boolean {
  const period = Math.max(UNSEEN_PERIOD, Math.ceil(count / MOST_UNSEEN))
  return (index) => index % period === period - 1
}

/** Multiplications of all samples above which easing is left out: tuning makes up for it in less time. */
const MOST_EASED = 1e10

/** A network of polynomials whose weights are not tuned yet. */
export interface FittedNetwork {
  readonly model: PolynomialModel
  /** What tuning goes by. */
  readonly evidence: Evidence
  /** What the closed forms were fitted to: as many of the samples as fit in memory layer by layer, and distorted copies. */
  readonly seen: readonly Float64Array[]
  /** Undefined where samples are too few to hold some back. */
  readonly judge?: Judge
  /** Given where polynomials differ by column or row of a channel. */
  readonly by?: PlaceAxis
}

/**
 * Replaces every activation by one polynomial per channel, or per column or row of a channel, layer by layer (`fitNetwork`). Then all weights are tuned at
 * once, towards the original network's outputs, and the true classes where these are given.
 * Throws a UserError for samples of another size, values that are not finite, or no samples.
 */
export async function approximate(
  model: LayerModel,
  calibration: readonly Float64Array[],
  options: ApproximationOptions,
  work: WorkContext,
): Promise<PolynomialModel> {
  return tuneNetwork(model, await fitNetwork(model, calibration, options, work), options, work)
}

/** The fitted network with its weights tuned, where the samples suffice and it helps. */
export async function tuneNetwork(
  original: LayerModel,
  { model, evidence, seen, judge, by }: FittedNetwork,
  { refit, tuningEpochs = {} }: Pick<ApproximationOptions, 'refit' | 'tuningEpochs'>,
  work: WorkContext,
): Promise<PolynomialModel> {
  const common = { movements: movementsOf(evidence), ...(by && { by }) }
  if (!hasPolynomial(model)) return { ...model, fitting: common }
  const isTuned = refit !== false && judge !== undefined
  const labelled = isTuned && tuningEpochs !== 0 ? labelledOf(evidence) : 0
  if (evidence.labels && labelled === 0) warnUnused(work)
  const tuned = isTuned ? await tune(original, model, { ...evidence, judge }, tuningEpochs, work) : model
  const judging = judge ?? (isHeldWhole(original) ? new Judge(original, evidence) : undefined)
  if (!judging) return { ...model, fitting: common }
  const { far, samples: judged } = judging.of(tuned)
  if (far > 0) warnFar(far, judged, work)
  const fitting = {
    ...common,
    ...(labelled > 0 && { labelled }),
    ...(isTuned && { tuned: tuned !== model }),
    judged,
    far,
  }
  return { ...(tuned === model ? model : observeRanges(tuned, seen)), fitting }
}

/** Values of a network for one sample with which a batch of samples takes about 1 GiB. */
const MOST_VALUES = 2 ** 24

const isHeldWhole = ({ layers }: LayerModel): boolean =>
  layers.reduce((sum, { shape }) => sum + sizeOf(shape), 0) <= MOST_VALUES

const movementsOf = ({ movements, samples }: Evidence): string[] => [
  ...movements,
  ...(samples.length > 1 ? ['mixtures'] : []),
]

const labelledOf = ({ labels, samples }: Evidence): number =>
  samples.reduce((count, sample) => count + Number(labels?.has(sample) ?? false), 0)

function warnUnused(work: WorkContext): void {
  const message =
    'The classes of the calibration samples count for nothing: only tuning uses them, and the weights of this network are not tuned.'
  work.progress({ kind: 'warning', stage: 'approximate', message })
}

function warnFar(far: number, samples: number, work: WorkContext): void {
  const message = `For ${far} of ${samples} inputs held out or mixed from samples, outputs are beyond ten times the original network's range. Check that samples are preprocessed as the network expects; else more of them or a higher degree would help.`
  work.progress({ kind: 'warning', stage: 'approximate', message })
}

const hasPolynomial = ({ layers }: PolynomialModel) => layers.some(({ kind }) => kind === 'polynomial')

/** By how much a network with polynomials by column or row must be closer before it is tuned, which it gains more by: it has more distinct weights. */
const WORTH_PLACES = 0.95

/**
 * The networks that closed forms give (`fitLayers`): the plain one, one that is fitted to distorted copies as well, bounded by
 * its depth and eased, and plain ones with polynomials by column or row where these are not alike. Of them, the one that is closest to the original
 * on samples that none has seen.
 */
export async function fitNetwork(
  model: LayerModel,
  calibration: readonly Float64Array[],
  options: ApproximationOptions,
  work: WorkContext,
): Promise<FittedNetwork> {
  checkCalibration(model.input.shape, calibration, work)
  warnOfOneLabel(model, calibration, work)
  const exactLayers = exactLayersOf(options)
  const slots = replacePools(options.splitPools ? splitPools(model, exactLayers) : model, exactLayers)
  const most = affordableSamples(slots)
  const isJudged = options.refit !== false && Math.min(calibration.length, most) >= ENOUGH_TO_FIT
  const isUnseen = isUnseenOf(calibration.length)
  const [samples, unseen] = [false, true].map((side) =>
    calibration.filter((_, i) => (isJudged && isUnseen(i)) === side),
  )
  const { labels, ...fitting } = options
  const movements = options.distort === false ? [] : keptMovements(model, samples)
  const evidence = { samples, unseen, movements, ...(labels && { labels }) }
  // Tuning shows samples in small batches and can see all of them.
  const fittable = isJudged ? evenly(samples, most) : capSamples(slots, samples, work)
  const seen = withDistortions(model, fittable, movements, most)
  const eased = countMultiplications(model) * fittable.length <= MOST_EASED
  const plain: ClosedForm = { eased: false, bounded: false }
  const axes = canScaleElements(model) ? unlikeAxes(slots, movements) : []
  const others = isJudged && eased ? [plain, ...axes.map((by) => ({ ...plain, by }))] : []
  const done = stepCounter(work, 'approximate', (1 + others.length) * slots.layers.length)
  const toFit = (form: ClosedForm, to: readonly Float64Array[]) => ({ slots, samples: to, options: fitting, form })
  const first = toFit({ eased, bounded: true }, seen)
  if (!isJudged) return { model: await fitLayers(first, done), evidence, seen }
  const judge = new Judge(model, evidence)
  const compared = others.map((form) => toFit(form, fittable))
  return { evidence, judge, ...(await closest(first, compared, judge, done, work)) }
}

/** Of the first and the others, which another thread may fit, the one that is closest to the original. `done` is told of each layer. */
async function closest(
  first: LayersToFit,
  others: readonly LayersToFit[],
  judge: Judge,
  done: (layer: LayerId) => void,
  work: WorkContext,
): Promise<Pick<FittedNetwork, 'model' | 'seen' | 'by'>> {
  const bytes = 8 * first.samples.length * sizeOf(first.slots.input.shape)
  const fits = beside(others.length > 0 ? work : {}, fitAll, others, bytes)
  try {
    const model = await fitLayers(first, done)
    let best = { model, given: first, judgement: judge.of(model) }
    for (const given of others) {
      const candidate = await nextFit(fits, done)
      const judgement = judge.of(candidate)
      const asked = given.form.by && !best.given.form.by ? WORTH_PLACES * best.judgement.loss : best.judgement.loss
      if (!isBetter(judgement, { ...best.judgement, loss: asked })) continue
      best = { model: candidate, given, judgement }
    }
    const { by } = best.given.form
    return { model: best.model, seen: best.given.samples, ...(by && { by }) }
  } finally {
    await fits.end()
  }
}

/** The axes along which the original network does not keep its labels where samples are shifted: what lies there is not alike. */
function unlikeAxes({ layers }: SlotModel, movements: readonly Movement[]): PlaceAxis[] {
  const activations = layers.filter(({ kind }) => kind === 'activation')
  const isUnlike = (by: PlaceAxis, shift: Movement) =>
    !movements.includes(shift) && activations.some(({ shape }) => rowsPerChannel({ shape, by }) > 1)
  return [
    ...(isUnlike('column', 'shift columns') ? (['column'] as const) : []),
    ...(isUnlike('row', 'shift rows') ? (['row'] as const) : []),
  ]
}
