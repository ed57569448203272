import { readBytes } from '../files/read-file.ts'
import { arrayLabels, labelsOf } from './array-labels.ts'
import { inMemory, openBytes } from './byte-source.ts'
import { parseCifar } from './cifar.ts'
import { classNumbers, type ClassLabels, type ExpectedLabels } from './class-labels.ts'
import { isIdx, parseIdx } from './idx.ts'
import { parseLabelText, type LabelText } from './label-text.ts'
import { arrayBytes, arrayNames, labelArray, splitArrayName, type Purpose } from './npz.ts'

export interface ReadLabelsOptions extends ExpectedLabels, LabelText {
  readonly purpose?: Purpose
}

/**
 * Class numbers, one per sample, from any form of docs/data.md: arrays, idx files, text, or a table with the samples themselves.
 * @throws UserError file-…, bad-…
 */
export const readLabels = async (path: string, expected: ReadLabelsOptions = {}): Promise<Int32Array> =>
  classNumbers(await openLabels(path, expected), expected)

/** Labels as the file has them, numbers or names. @throws UserError file-…, bad-… */
export async function openLabels(path: string, expected: ReadLabelsOptions = {}): Promise<ClassLabels> {
  const { file, array } = splitArrayName(path)
  if (/\.npz$/i.test(file)) {
    const archive = await readBytes(file)
    const chosen = array ?? labelArray(arrayNames(archive, file), file, expected.purpose ?? 'test')
    return arrayLabels(inMemory(arrayBytes(archive, chosen, file)), `${file}:${chosen}`)
  }
  const source = await openBytes(path)
  const plain = path.replace(/\.gz$/i, '')
  if (/\.npy$/i.test(plain)) return arrayLabels(source, path)
  if (/\.parquet$/i.test(plain)) return await (await import('./parquet.ts')).parquetLabels(source, path)
  if (isIdx(source)) return labelsOf(parseIdx(source, path), path)
  const cifar = /\.bin$/i.test(plain) ? parseCifar(source) : undefined
  return cifar ? { file: path, values: cifar.labels } : parseLabelText(source.read(0, source.length), path, expected)
}
