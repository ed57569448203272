import { present } from '../core/must.ts'
import { fittableSamples, usefulSamples } from '../core/approximate/cap-samples.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { classesOf, type DroppedClamp, type LayerModel } from '../core/network/layer-model.ts'
import { calibrateClamps } from '../core/normalise/calibrate-clamps.ts'
import { evenly } from '../core/numeric/evenly.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import type { Purpose } from '../data/npz.ts'
import { checkPreprocessing, preprocess } from '../data/preprocess.ts'
import { readSamples, type Samples } from '../data/read-samples.ts'
import { warnOfImageOutputs } from './image-outputs.ts'

/** `layout` may be left open: then it is what the data's shape says. */
export type PreprocessingChoice = Omit<Preprocessing, 'layout'> & Partial<Pick<Preprocessing, 'layout'>>

export interface OpenRequest {
  readonly path: string
  readonly preprocessing: PreprocessingChoice
  readonly purpose: Purpose
  /** Evenly spaced samples, at most; all unless told. */
  readonly maxSamples?: number
  /** One sample alone. */
  readonly index?: number
}

/** Samples of a data set that are read, decoded and preprocessed when they are asked for. */
export interface OpenSamples {
  readonly source: Samples
  readonly preprocessing: Preprocessing
  /** Which samples of the source are used. */
  readonly indices: readonly number[]
  /** One of those used, as the network takes it. */
  readonly at: (place: number) => Float64Array
}

/**
 * Opens samples for a network, and says what was left out.
 * @throws UserError what data/ says: wrong-shape, bad-preprocessing, …
 */
export async function openSamples(
  { path, preprocessing: choice, purpose, maxSamples = Infinity, index }: OpenRequest,
  model: LayerModel,
  work: WorkContext,
): Promise<OpenSamples> {
  const { shape } = model.input
  const { layout, resize, crop } = choice
  const classes = classesOf(model)
  const source = await readSamples(path, { shape, layout, resize, crop, purpose, classes, work, index })
  for (const message of source.warnings) work.progress({ kind: 'warning', stage: 'calibrate', message })
  const preprocessing = { ...choice, layout: choice.layout ?? source.layout }
  checkPreprocessing(preprocessing, shape[0])
  const indices = evenly([...new Array(source.count).keys()], maxSamples)
  return {
    source,
    preprocessing,
    indices,
    at: (place) => preprocess(source.sample(present(indices[place])), preprocessing),
  }
}

/** Calibration samples as the network takes them, and the preprocessing with the axis order that was found. */
export interface PreparedSamples {
  readonly samples: readonly Float64Array[]
  readonly preprocessing: Preprocessing
  readonly source: Samples
  /** Which sample of the source each is. */
  readonly indices: readonly number[]
}

export interface CalibrationRequest {
  readonly calibration: string
  readonly preprocessing: PreprocessingChoice
  /** Evenly spaced samples, at most; as many as fit in memory unless told. */
  readonly maxSamples?: number
  /** A file of classes, or the calibration data itself if it includes them; without it no class counts. */
  readonly calibrationLabels?: string
}

/** What samples may take, once they are 64-bit numbers, that tuning alone makes use of: the process then stays under 1.5 GB. */
const MOST_BYTES = 2 ** 28

/**
 * Reads and preprocesses as many samples as are useful and can be held, evenly spaced; warns where some are left out.
 * @param useful - as many as closed forms can be fitted to unless told
 * @throws UserError what data/ says: wrong-shape, non-finite-pixels, bad-preprocessing, …
 */
export async function prepareSamples(
  { calibration, preprocessing, maxSamples = Infinity }: CalibrationRequest,
  model: LayerModel,
  work: WorkContext,
  useful = fittableSamples(model),
): Promise<PreparedSamples> {
  warnOfImageOutputs(model, work)
  const opened = await openSamples({ path: calibration, preprocessing, purpose: 'train', maxSamples }, model, work)
  const [channels, height, width] = model.input.shape
  const held = Math.floor(MOST_BYTES / (8 * channels * height * width))
  const most = Math.min(useful, Math.max(fittableSamples(model), held))
  const places = evenly([...opened.indices.keys()], most)
  if (places.length < opened.indices.length) {
    const message = `Only ${places.length} of ${opened.indices.length} calibration samples are used: more would take too much memory or time.`
    work.progress({ kind: 'warning', stage: 'calibrate', message })
  }
  const samples = places.map((place) => {
    throwIfCancelled(work)
    return opened.at(place)
  })
  const indices = places.map((place) => present(opened.indices[place]))
  return { samples, preprocessing: opened.preprocessing, source: opened.source, indices }
}

export interface CalibratedNetwork extends PreparedSamples {
  /** Without clamps of a quantiser that change nothing on the samples. */
  readonly model: LayerModel
  readonly droppedClamps: readonly DroppedClamp[]
}

/** Calibration samples, and the network as they show it. @throws UserError as `prepareSamples` */
export async function calibrate(
  opened: LayerModel,
  request: CalibrationRequest,
  work: WorkContext,
): Promise<CalibratedNetwork> {
  const prepared = await prepareSamples(request, opened, work, usefulSamples(opened))
  const { model, dropped } = calibrateClamps(opened, prepared.samples)
  return { ...prepared, model, droppedClamps: dropped }
}
