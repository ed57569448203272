import { UserError } from '../core/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { fromOneHot, namedLabels, type ClassLabels } from './class-labels.ts'
import { parseNpy, parseNpyText } from './npy.ts'
import { sizeOfDims, type StoredArray } from './stored-array.ts'

/** Labels of a .npy file: numbers, text or one-hot rows. @throws UserError bad-npy, bad-labels */
export function arrayLabels(source: ByteSource, file: string): ClassLabels {
  const texts = parseNpyText(source, file)
  return texts ? namedLabels(file, texts) : labelsOf(parseNpy(source, file), file)
}

/** One number a sample, or one-hot rows. @throws UserError bad-labels */
export function labelsOf({ dims, read }: StoredArray, file: string): ClassLabels {
  const long = dims.filter((dim, axis) => axis === 0 || dim !== 1)
  const values = read(0, sizeOfDims(dims))
  if (dims.filter((dim) => dim !== 1).length <= 1) return { file, values }
  const oneHot = long.length === 2 ? fromOneHot(values, long[1]) : undefined
  if (oneHot) return { file, values: oneHot }
  throw new UserError(
    'bad-labels',
    `${file} has shape [${dims.join(', ')}]; one number, or one row with a single 1, per sample is expected.`,
    { where: { file } },
  )
}
