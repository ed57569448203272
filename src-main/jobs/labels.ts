import { basename } from 'node:path'
import { classNumbers, type ExpectedLabels } from '../data/class-labels.ts'
import { readLabels } from '../data/read-labels.ts'
import type { Samples } from '../data/read-samples.ts'

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
