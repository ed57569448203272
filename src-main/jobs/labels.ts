import { basename } from 'node:path'
import { classNumbers, type ExpectedLabels } from '../data/class-labels.ts'
import { readLabels } from '../data/read-labels.ts'
import type { Samples } from '../data/read-samples.ts'
import { classesOf } from '../core/network/layer-model.ts'
import { classNamesOf } from './class-names.ts'
import type { NetworkFile } from './open-network.ts'

export interface LabelsRequest {
  /** A file of labels, where the data has none, or others. */
  readonly labels?: string
  readonly classNames?: readonly string[]
}

/** `labelsFor` a network's classes, by the names that were given or that its file has. @throws UserError bad-class-names, and as there */
export async function labelsOfNetwork(
  { labels, classNames: given }: LabelsRequest,
  { model, classNames: ofModel }: Pick<NetworkFile, 'model' | 'classNames'>,
  source: Samples,
): Promise<Int32Array | undefined> {
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
  { count, labels, fileName }: Samples,
  expected: ExpectedLabels,
): Promise<Int32Array | undefined> {
  if (file === undefined) return labels && classNumbers(labels, expected)
  const sampleFiles = fileName && Array.from({ length: count }, (_, index) => basename(fileName(index)))
  return await readLabels(file, { ...expected, ...(sampleFiles && { sampleFiles }) })
}
