import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { usefulSamples } from '../core/approximate/cap-samples.ts'
import { invariant } from '../core/errors.ts'
import { classesOf } from '../core/network/layer-model.ts'
import type { WorkContext } from '../core/progress.ts'
import type { Labels } from '../core/tune/true-classes.ts'
import { calibrationLabels } from './calibration-labels.ts'
import { prepareSamples, type CalibrationRequest } from './calibration.ts'
import { tryOriginal, type OriginalTrial } from './try-original.ts'
import { classNamesOf, namesOfData } from './class-names.ts'
import type { NetworkFile, NetworkRequest } from './open-network.ts'
import { checkOriginal, type OriginalReport } from './original.ts'

export interface CalibrationDataRequest extends NetworkRequest, CalibrationRequest {
  /** In the order of the outputs; those of the model's file or of the calibration data unless told. */
  readonly classNames?: readonly string[]
}

/** Who computes the original, which was compared on the first calibration samples; and how often it is right where they have labels. */
export type CheckedOriginal = OriginalReport & Partial<OriginalTrial>

interface Settled {
  readonly preprocessing: Preprocessing
  readonly original: CheckedOriginal
  readonly classNames?: readonly string[]
}

/** Calibration samples, and what reading them settles. */
export class CalibrationData {
  readonly #opened: NetworkFile
  readonly #request: CalibrationDataRequest
  readonly #work: WorkContext
  #settled: Settled | undefined
  #labels: Labels | undefined

  constructor(opened: NetworkFile, request: CalibrationDataRequest, work: WorkContext) {
    this.#opened = opened
    this.#request = request
    this.#work = work
  }

  /** @throws UserError what data/ and the comparison with ONNX Runtime say, bad-class-names */
  async read(): Promise<readonly Float64Array[]> {
    const { model, classNames: ofModel } = this.#opened
    const classes = classesOf(model)
    const known = classNamesOf(this.#request.classNames, ofModel, classes)
    const prepared = await prepareSamples(this.#request, model, this.#work, usefulSamples(model))
    const { samples, preprocessing, source } = prepared
    this.#labels = await calibrationLabels(this.#request, this.#opened, prepared)
    const report = await checkOriginal(this.#request, this.#opened, samples)
    const labelled = { ...prepared, ...(known && { classNames: known }) }
    const trial = await tryOriginal(this.#request, this.#opened, labelled, this.#work)
    const classNames = known ?? namesOfData(source, classes)
    this.#settled = { preprocessing, original: { ...report, ...trial }, ...(classNames && { classNames }) }
    return samples
  }

  /** True classes of what was read, where they are to count. */
  get labels(): Labels | undefined {
    return this.#labels
  }

  get settled(): Settled {
    invariant(this.#settled, 'calibration samples are read before anything is known of them')
    return this.#settled
  }
}
