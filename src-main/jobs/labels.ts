import { basename } from 'node:path'
import { classNumbers, type ClassLabels, type ExpectedLabels } from '../data/class-labels.ts'
import { openLabels } from '../data/read-labels.ts'
import type { Samples } from '../data/read-samples.ts'
import { UserError } from '../core/errors.ts'
import { classesOf, type LayerModel } from '../core/network/layer-model.ts'
import { isClassifier } from '../core/normalise/run-tail.ts'
import { classNamesOf } from './class-names.ts'
import type { NetworkFile } from './open-network.ts'

export interface LabelsRequest {
  /** A file of labels, where the data has none, or others. */
  readonly labels?: string
  readonly classNames?: readonly string[]
}

/**
 * `labelsFor` a network's classes, by the names that were given or that its file has; undefined too where they say what a
 * quantity should be (`targetsOf`). @throws UserError bad-class-names, and as there
 */
export async function labelsOfNetwork(
  request: LabelsRequest,
  { model, classNames: ofModel }: Pick<NetworkFile, 'model' | 'classNames'>,
  source: Samples,
): Promise<Int32Array | undefined> {
  if (await targetsOf(request, model, source)) return undefined
  const { labels, classNames: given } = request
  const classes = classesOf(model)
  const classNames = classNamesOf(given, ofModel, classes)
  return await labelsFor(labels, source, { count: source.count, classes, ...(classNames && { classNames }) })
}

/**
 * Class numbers of all samples: those of a file of labels where one is given, else those that the data has; undefined where
 * there are none.
 * @throws UserError what data/ says: bad-labels, …
 */
export async function labelsFor(
  file: string | undefined,
  source: Samples,
  expected: ExpectedLabels,
): Promise<Int32Array | undefined> {
  const labels = await statedLabels(file, source, expected)
  return labels && classNumbers(labels, expected)
}

async function statedLabels(
  file: string | undefined,
  { count, labels, fileName }: Samples,
  expected: ExpectedLabels,
): Promise<ClassLabels | undefined> {
  if (file === undefined) return labels
  const sampleFiles = fileName && Array.from({ length: count }, (_, index) => basename(fileName(index)))
  return await openLabels(file, { ...expected, ...(sampleFiles && { sampleFiles }) })
}

/** What a network of one quantity should give for each sample, where labels are such numbers and not 0 and 1. */
export async function targetsOf(
  { labels: file }: LabelsRequest,
  model: LayerModel,
  source: Samples,
): Promise<Float64Array | undefined> {
  if (!isQuantity(model)) return undefined
  const stated = await statedLabels(file, source, { count: source.count, classes: 1 })
  if (!stated || stated.names) return undefined
  const values = Float64Array.from(stated.values)
  if (values.every((value) => value === 0 || value === 1)) return undefined
  const fail = (message: string): never => {
    throw new UserError('bad-labels', `${stated.file} ${message}.`, { where: { file: stated.file } })
  }
  if (values.length !== source.count) fail(`holds ${values.length} labels for ${source.count} samples`)
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) fail(`: label ${bad} is ${values[bad]}`)
  return values
}

/** Whether the only output is neither a score nor a probability, as far as the file says. */
export const isQuantity = (model: LayerModel): boolean => classesOf(model) === 1 && !isClassifier(model)
