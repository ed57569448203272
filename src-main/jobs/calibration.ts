import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import type { DroppedClamp, Shape } from '../core/network/layer-model.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { calibrateClamps } from '../core/normalise/calibrate-clamps.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { checkPreprocessing, preprocess } from '../data/preprocess.ts'
import { readSamples, type Samples } from '../data/read-samples.ts'

/** Calibration samples as the network takes them, and the preprocessing with the axis order that was found. */
export interface PreparedSamples {
  readonly samples: readonly Float64Array[]
  readonly preprocessing: Preprocessing
  readonly source: Samples
}

/** `layout` may be left open: then it is what the data's shape says. */
export type PreprocessingChoice = Omit<Preprocessing, 'layout'> & Partial<Pick<Preprocessing, 'layout'>>

/**
 * Reads and preprocesses samples for a network that takes `shape`.
 * @throws UserError what data/ says: wrong-shape, non-finite-pixels, bad-preprocessing, …
 */
export async function prepareSamples(
  path: string,
  shape: Shape,
  choice: PreprocessingChoice,
  work: WorkContext,
  limit = Infinity,
): Promise<PreparedSamples> {
  const source = await readSamples(path, { shape, layout: choice.layout })
  const preprocessing = { ...choice, layout: choice.layout ?? source.layout }
  checkPreprocessing(preprocessing, shape[0])
  const samples = Array.from({ length: Math.min(source.count, limit) }, (_, index) => {
    throwIfCancelled(work)
    return preprocess(source.sample(index), preprocessing)
  })
  return { samples, preprocessing, source }
}

export interface CalibratedNetwork extends PreparedSamples {
  /** Without clamps of a quantiser that change nothing on the samples. */
  readonly model: LayerModel
  readonly droppedClamps: readonly DroppedClamp[]
}

/** Calibration samples, and the network as they show it. @throws UserError as `prepareSamples` */
export async function calibrate(
  opened: LayerModel,
  { calibration, preprocessing }: { readonly calibration: string; readonly preprocessing: PreprocessingChoice },
  work: WorkContext,
): Promise<CalibratedNetwork> {
  const prepared = await prepareSamples(calibration, opened.input.shape, preprocessing, work)
  const { model, dropped } = calibrateClamps(opened, prepared.samples)
  return { ...prepared, model, droppedClamps: dropped }
}
