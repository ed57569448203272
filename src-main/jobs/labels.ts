import { basename } from 'node:path'
import { classNumbers, fromOneHot, type ClassLabels, type ExpectedLabels } from '../data/class-labels.ts'
import { openLabels } from '../data/read-labels.ts'
import { readSamples, type Samples } from '../data/read-samples.ts'
import { UserError } from '../core/errors.ts'
import { classesOf, sizeOf, type LayerModel } from '../core/network/layer-model.ts'
import { isClassifier, tellsQuantities } from '../core/network/quantities.ts'
import { classNamesOf } from './class-names.ts'
import type { NetworkFile } from './open-network.ts'

export interface LabelsRequest {
  /** A file of labels, where the data has none, or others. */
  readonly labels?: string
  readonly classNames?: readonly string[]
}

/**
 * `labelsFor` a network's classes, by the names that were given or that its file has; undefined too where they say what a
 * quantity should be (`targetsOf`), and of a reconstruction whose classes nobody names. @throws UserError bad-class-names, and as there
 */
export async function labelsOfNetwork(
  request: LabelsRequest,
  { model, classNames: ofModel }: Pick<NetworkFile, 'model' | 'classNames'>,
  source: Samples,
): Promise<Int32Array | undefined> {
  if (model.quantities || (await targetsOf(request, model, source))) return undefined
  const { labels, classNames: given } = request
  if (asReconstruction(request, model)) return undefined
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

/**
 * What a network of quantities should give for each sample: of one, where labels are numbers other than 0 and 1; of several,
 * where a file has as many numbers for each sample that are not one-hot.
 */
export async function targetsOf(
  { labels: file }: LabelsRequest,
  model: LayerModel,
  source: Samples,
): Promise<readonly Float64Array[] | undefined> {
  if (!tellsQuantities(model) || classesOf(model) > 1) {
    return file === undefined ? undefined : await rowsOfTargets(file, model, source)
  }
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
  return Array.from(values, (value) => Float64Array.of(value))
}

/** Undefined where the file holds anything else, which is then read as classes. */
async function rowsOfTargets(file: string, model: LayerModel, { count }: Samples): Promise<Float64Array[] | undefined> {
  const outputs = classesOf(model)
  if (outputs === 1 || isClassifier(model)) return undefined
  const read = await readSamples(file, { shape: [outputs, 1, 1] }).catch((error: unknown) => {
    if (error instanceof UserError) return undefined
    throw error
  })
  if (read?.count !== count) return undefined
  const rows = Array.from({ length: count }, (_, index) => read.sample(index))
  return fromOneHot(
    rows.flatMap((row) => [...row]),
    outputs,
  )
    ? undefined
    : rows
}

/**
 * Whether a network gives as many numbers as it takes, as an autoencoder does: then labels of the data, such as whether a sound is an
 * anomaly, are not places in its output.
 */
export const isReconstruction = (model: LayerModel): boolean =>
  classesOf(model) > 1 && classesOf(model) === sizeOf(model.input.shape) && tellsQuantities(model)

/** Whoever gives a file of labels or names of classes says that there are some. */
export const asReconstruction = ({ labels, classNames }: LabelsRequest, model: LayerModel): boolean =>
  labels === undefined && classNames === undefined && isReconstruction(model)
