import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { unlessUserError, UserError } from '../core/errors.ts'
import { sizeOf } from '../core/network/layer-model.ts'
import { fileProblem, readBytes } from '../files/read-file.ts'
import { arraySamples } from './array-samples.ts'
import { axesFor } from './axes.ts'
import { inMemory, openBytes, type ByteSource } from './byte-source.ts'
import { parseCifar } from './cifar.ts'
import { foreignData } from './foreign-data.ts'
import { isIdx, labelsOfIdx, parseIdx } from './idx.ts'
import { parseNpy } from './npy.ts'
import { arrayBytes, arrayNames, labelsBeside, sampleArray, splitArrayName } from './npz.ts'
import { isPicture } from './picture/decode-picture.ts'
import { listPictures } from './picture-folder.ts'
import { pictureSamples } from './picture-samples.ts'
import type { ReadSamplesOptions, Samples } from './samples.ts'
import { parseTable } from './table.ts'

export type { ReadSamplesOptions, Samples }

/**
 * Opens samples in any form of docs/data.md: arrays, idx files, CIFAR's binaries, tables, Parquet, a picture or a folder
 * of them. What they hold stays on disk or in its stored type until it is used.
 * @throws UserError file-…, bad-…, image-too-large, unsupported-data-format, wrong-shape, no-samples, index-out-of-range
 */
export async function readSamples(path: string, options: ReadSamplesOptions = {}): Promise<Samples> {
  return pickIndex(await open(path, options), options, path)
}

async function open(path: string, options: ReadSamplesOptions): Promise<Samples> {
  const { file } = splitArrayName(path)
  const stats = await stat(file).catch((error: unknown) => {
    throw fileProblem(error, file)
  })
  if (stats.isDirectory()) return await folderSamples(path, options)
  if (isPicture(path)) return await pictureSamples([{ name: path }], options)
  if (/\.npz$/i.test(file)) return await archiveSamples(path, options)
  const source = await openBytes(path)
  const plain = path.replace(/\.gz$/i, '')
  if (/\.npy$/i.test(plain)) return arraySamples(parseNpy(source, path), path, options)
  if (/\.(csv|tsv|txt)$/i.test(plain)) return tableSamples(source, path, options)
  if (/\.parquet$/i.test(plain)) return await (await import('./parquet.ts')).parquetSamples(source, path, options)
  if (isIdx(source)) return await idxSamples(source, path, options)
  const cifar = /\.bin$/i.test(plain) ? parseCifar(source) : undefined
  if (cifar) return { ...arraySamples(cifar.array, path, options), labels: { file: path, values: cifar.labels } }
  throw unsupported(source, path)
}

function pickIndex(samples: Samples, { index }: ReadSamplesOptions, file: string): Samples {
  if (samples.count === 0) throw new UserError('no-samples', `${file} holds no samples.`, { where: { file } })
  if (index === undefined) return samples
  if (!Number.isInteger(index) || index < 0 || index >= samples.count) {
    throw new UserError('index-out-of-range', `${file} holds samples 0 to ${samples.count - 1}, not ${index}.`, {
      where: { file },
    })
  }
  const { shape, layout, labels } = samples
  return {
    ...{ count: 1, shape, layout, warnings: [] },
    ...(labels && { labels: { ...labels, values: [labels.values[index]] } }),
    name: () => samples.name(index),
    sample: () => samples.sample(index),
  }
}

async function folderSamples(folder: string, options: ReadSamplesOptions): Promise<Samples> {
  const { files, labels, warnings } = await listPictures(folder)
  const samples = await pictureSamples(
    files.map((name) => ({ name })),
    options,
  )
  return { ...samples, ...(labels && { labels }), warnings, fileName: (index) => basename(files[index]) }
}

async function archiveSamples(path: string, options: ReadSamplesOptions): Promise<Samples> {
  const { file, array } = splitArrayName(path)
  const archive = await readBytes(file)
  const names = arrayNames(archive, file)
  const read = (name: string): ByteSource => inMemory(arrayBytes(archive, name, file))
  const { shape, layout } = options
  const fits = (name: string): boolean =>
    shape !== undefined && !!unlessUserError(() => axesFor(parseNpy(read(name), name).dims, shape, layout))
  const chosen = array ?? sampleArray(names, file, options.purpose ?? 'test', fits)
  const samples = arraySamples(parseNpy(read(chosen), `${file}:${chosen}`), path, options)
  const beside = labelsBeside(names, chosen)
  const found = beside === undefined ? {} : await labelsIn(read(beside), `${file}:${beside}`, samples.count)
  return { ...samples, ...found }
}

/** Labels beside samples, where they are one class for each. Other arrays, such as measured values, are nobody's labels. */
async function labelsIn(
  source: ByteSource,
  file: string,
  count: number,
): Promise<Partial<Pick<Samples, 'labels' | 'warnings'>>> {
  const { arrayLabels } = await import('./array-labels.ts')
  try {
    const labels = arrayLabels(source, file)
    return labels.values.length === count && Array.from(labels.values).every(Number.isInteger) ? { labels } : {}
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    // What is no list of classes may be anything; an array that cannot be read may be labels.
    return error.code === 'bad-labels'
      ? {}
      : { warnings: [`No labels are read: ${error.message} ${error.hint ?? ''}`.trim()] }
  }
}

function tableSamples(source: ByteSource, path: string, options: ReadSamplesOptions): Samples {
  const { shape, classes, purpose } = options
  const size = shape && sizeOf(shape)
  const { array, labels } = parseTable(source.read(0, source.length), path, size, classes, purpose)
  const guessed = shape ? array : { ...array, dims: pictureDims(array.dims) }
  return { ...arraySamples(guessed, path, options), ...(labels && { labels }) }
}

/** Rows of a table as pictures that are as wide as they are high, gray or in colours; as signals otherwise. */
function pictureDims([count, size]: readonly number[]): number[] {
  const [gray, colour] = [Math.sqrt(size), Math.sqrt(size / 3)]
  if (Number.isInteger(gray)) return [count, 1, gray, gray]
  return Number.isInteger(colour) ? [count, 3, colour, colour] : [count, 1, 1, size]
}

async function idxSamples(source: ByteSource, path: string, options: ReadSamplesOptions): Promise<Samples> {
  const samples = arraySamples(parseIdx(source, path), path, options)
  const beside = labelsOfIdx(path)
  if (beside === undefined || !(await isFile(beside))) return samples
  const labels = parseIdx(await openBytes(beside), beside)
  return { ...samples, labels: { file: beside, values: labels.read(0, labels.dims[0]) } }
}

const isFile = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )

function unsupported(source: ByteSource, path: string): UserError {
  const foreign = foreignData(source.read(0, 512))
  const where = { file: path }
  if (foreign)
    return new UserError('unsupported-data-format', `${path} is ${foreign.what}.`, { where, hint: foreign.hint })
  return new UserError(
    'unsupported-data-format',
    `${path} is not .npy, .npz, .csv, .parquet, an idx file, CIFAR’s .bin, .png, .jpg, .webp, .bmp or a folder of pictures.`,
    { where, hint: 'docs/data.md lists what can be read.' },
  )
}
