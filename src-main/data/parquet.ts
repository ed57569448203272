import { parquetMetadata, parquetReadObjects, type AsyncBuffer, type FileMetaData, type SchemaElement } from 'hyparquet'
import { compressors as others, decompressZstd } from 'hyparquet-compressors'
import { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { sizeOf } from '../core/network/layer-model.ts'
import { arraySamples } from './array-samples.ts'
import type { ByteSource } from './byte-source.ts'
import { namedLabels, type ClassLabels } from './class-labels.ts'
import { checkPages } from './parquet-pages.ts'
import { pictureSamples } from './picture-samples.ts'
import type { ReadSamplesOptions, Samples } from './samples.ts'
import { isIndexHeading, LABEL_HEADINGS } from './table-heading.ts'

/**
 * Samples of a Parquet file as data sets are published: encoded pictures in a column, lists of numbers in one, or a column for
 * each value; and the column of labels.
 * @throws UserError bad-parquet, and of the pictures or arrays
 */
export async function parquetSamples(source: ByteSource, path: string, options: ReadSamplesOptions): Promise<Samples> {
  const file = open(source, path)
  const label = labelColumn(file)
  const labels = label === undefined ? undefined : await labelsIn(file, label)
  const samples = await samplesIn(file, label, options)
  return { ...samples, ...(labels && { labels }) }
}

/** @throws UserError bad-parquet */
export async function parquetLabels(source: ByteSource, path: string): Promise<ClassLabels> {
  const file = open(source, path)
  const label = labelColumn(file)
  if (label !== undefined) return await labelsIn(file, label)
  throw badParquet(path, `has no column headed ${LABEL_HEADINGS.slice(0, 4).join(', ')}: ${columnsOf(file).join(', ')}`)
}

interface ParquetFile {
  readonly path: string
  readonly buffer: AsyncBuffer
  readonly metadata: FileMetaData
}

const MOST_ROWS = 10_000_000
const MOST_VALUES = 2 ** 26
const FOOTER_BYTES = 8

function open(source: ByteSource, path: string): ParquetFile {
  const isWhole = source.length >= 12
  const ends = isWhole ? source.read(source.length - FOOTER_BYTES, FOOTER_BYTES) : new Uint8Array()
  if (Buffer.from(ends.subarray(4)).toString('latin1') !== 'PAR1') {
    throw badParquet(path, 'is not a Parquet file, or not all of one')
  }
  const footerBytes = new DataView(ends.buffer, ends.byteOffset, 4).getUint32(0, true) + FOOTER_BYTES
  if (footerBytes > source.length) throw badParquet(path, 'claims a footer that is longer than the file')
  const metadata = reading(path, () => parquetMetadata(slice(source, source.length - footerBytes, source.length)))
  if (metadata.num_rows > MOST_ROWS) throw badParquet(path, `claims ${metadata.num_rows} rows`)
  reading(path, () => checkPages(source, metadata))
  if (metadata.schema.some(({ name }) => typeof name !== 'string'))
    throw badParquet(path, 'has a column without a name')
  const buffer: AsyncBuffer = {
    byteLength: source.length,
    slice: (start, end = source.length) => slice(source, start, end),
  }
  return { path, buffer, metadata }
}

/** A buffer of its own, as the reader wants it. */
function slice(source: ByteSource, start: number, end: number): ArrayBuffer {
  const bytes = source.read(start, end - start)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
}

/** The page's size was checked; zstd's own frame may claim another, and the reader's own Snappy needs no second program. */
const compressors = {
  ...others,
  SNAPPY: undefined,
  ZSTD: (input: Uint8Array, length: number) => decompressZstd(input, new Uint8Array(length)),
}

type Row = Readonly<Record<string, unknown>>

async function rowsOf({ path, buffer, metadata }: ParquetFile, columns: string[]): Promise<Row[]> {
  try {
    return await parquetReadObjects({ file: buffer, metadata, columns, compressors, utf8: false })
  } catch (error) {
    throw asBadParquet(path, error)
  }
}

const columnsOf = ({ metadata }: ParquetFile): string[] => topLevel(metadata.schema).map(({ name }) => name)

/** Children of the root. */
function topLevel(schema: readonly SchemaElement[]): SchemaElement[] {
  const found: SchemaElement[] = []
  for (let at = 1; at < schema.length; at = after(schema, at)) found.push(schema[at])
  return found
}

function after(schema: readonly SchemaElement[], at: number): number {
  let next = at + 1
  for (let child = 0; child < (schema[at].num_children ?? 0) && next < schema.length; child++)
    next = after(schema, next)
  return next
}

const FINE_HEADINGS = [...LABEL_HEADINGS, 'fine_label', 'digit']

/** By its heading; else the only column of text where all others are numbers. */
function labelColumn(file: ParquetFile): string | undefined {
  const columns = columnsOf(file)
  const [headed] = FINE_HEADINGS.flatMap((heading) => columns.filter((name) => name.toLowerCase() === heading))
  if (headed !== undefined) return headed
  const wide = topLevel(file.metadata.schema).filter(({ name }) => !isIndexHeading(name))
  const others = wide.filter(({ type, num_children: children }) => type === 'BYTE_ARRAY' || (children ?? 0) > 0)
  return others.length === 1 && others[0].converted_type === 'UTF8' && wide.length > 1 ? others[0].name : undefined
}

async function labelsIn(file: ParquetFile, column: string): Promise<ClassLabels> {
  const { path } = file
  const values = (await rowsOf(file, [column])).map((row) => row[column])
  const names = namesOf(file, column)
  if (values.every((value) => typeof value === 'number' || typeof value === 'bigint')) {
    return { file: path, values: values.map(Number), ...(names && { names, isComplete: true }) }
  }
  const texts = values.map((value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value))
  if (texts.every((text) => typeof text === 'string')) return namedLabels(path, texts)
  throw badParquet(path, `has a column ${column} that holds neither numbers nor names`)
}

const described = z.object({
  info: z.object({ features: z.record(z.string(), z.object({ names: z.array(z.string()).optional() })) }),
})

/** Class names in the metadata of Hugging Face's `datasets`. */
function namesOf({ metadata }: ParquetFile, column: string): string[] | undefined {
  const stored = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value
  if (stored === undefined) return undefined
  try {
    const { features } = described.parse(JSON.parse(stored)).info
    return features[column]?.names
  } catch {
    return undefined
  }
}

async function samplesIn(file: ParquetFile, label: string | undefined, options: ReadSamplesOptions): Promise<Samples> {
  const { path, metadata } = file
  const others = topLevel(metadata.schema).filter(({ name }) => name !== label)
  const picture = others.find(
    ({ name, type, num_children: children }) =>
      type === 'BYTE_ARRAY' || ((children ?? 0) > 0 && /^(image|img|picture|photo|pixels?)/i.test(name)),
  )
  const isBinary = ({ type, converted_type: converted }: SchemaElement) => type === 'BYTE_ARRAY' && converted !== 'UTF8'
  const encoded = others.find(isBinary) ?? picture
  if (encoded) {
    const first = (await rowsOf(file, [encoded.name])).map((row) => row[encoded.name])
    const pictures = first.map(bytesOf)
    if (pictures.every((bytes) => bytes !== undefined)) {
      const files = pictures.map((bytes, row) => ({ name: `${path}[${row}]`, bytes }))
      return await pictureSamples(files, options)
    }
    if (first.every(Array.isArray)) return arrayOf(first, path, options)
  }
  const list = others.find(({ num_children: children }) => (children ?? 0) > 0)
  if (list)
    return arrayOf(
      (await rowsOf(file, [list.name])).map((row) => row[list.name]),
      path,
      options,
    )
  const numeric = others
    .filter(({ name, type }) => type !== 'BYTE_ARRAY' && !isIndexHeading(name))
    .map(({ name }) => name)
  if (numeric.length * Number(metadata.num_rows) > MOST_VALUES) throw badParquet(path, 'holds too many values')
  if (numeric.length === 0)
    throw badParquet(path, `has no column of pictures or numbers: ${columnsOf(file).join(', ')}`)
  const rows = await rowsOf(file, numeric)
  return arrayOf(
    rows.map((row) => numeric.map((name) => row[name])),
    path,
    options,
  )
}

/** A picture's file: bytes, or Hugging Face's pair of bytes and path. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  const bytes: unknown = typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes : undefined
  return bytes instanceof Uint8Array ? bytes : undefined
}

/** Lists of numbers, or lists of such lists, all of one shape. */
function arrayOf(rows: readonly unknown[], path: string, options: ReadSamplesOptions): Samples {
  const shape = shapeOf(rows[0])
  const size = shape.reduce((product, dim) => product * dim, 1)
  if (rows.length * size > MOST_VALUES) throw badParquet(path, 'holds too many values')
  const values = new Float64Array(rows.length * size)
  rows.forEach((row, i) => {
    const flat = flattened(row)
    if (flat.length !== size) throw badParquet(path, `has ${flat.length} values in row ${i}, and ${size} in the first`)
    values.set(flat, i * size)
  })
  const dims = shape.length === 1 && !options.shape ? [rows.length, 1, 1, size] : [rows.length, ...shape]
  const flatDims = options.shape && size === sizeOf(options.shape) && shape.length === 1 ? [rows.length, size] : dims
  return arraySamples({ dims: flatDims, read: (start, count) => values.subarray(start, start + count) }, path, options)
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

const shapeOf = (value: unknown): number[] =>
  isList(value) ? [value.length, ...(value.length > 0 ? shapeOf(value[0]) : [])] : []

function flattened(value: unknown): number[] {
  if (isList(value)) return Array.from(value).flatMap(flattened)
  return [typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : NaN]
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw asBadParquet(path, error)
  }
}

function asBadParquet(path: string, error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error
  return new UserError('bad-parquet', `${path} cannot be read as Parquet: ${error.message}.`, {
    where: { file: path },
    cause: error,
  })
}

const badParquet = (path: string, message: string): UserError =>
  new UserError('bad-parquet', `${path} ${message}.`, { where: { file: path } })
