import { UserError } from '../core/errors.ts'
import { cellsOf, firstRows, forEachCell, textAt, type Cells } from './cells.ts'
import { fromOneHot, namedLabels, type ClassLabels } from './class-labels.ts'
import { sizeOfDims } from './stored-array.ts'
import { headingOf, isNumber, type Heading } from './table-heading.ts'
import { parseTable } from './table.ts'

/** A table with more columns holds the samples as well, or one column for each class. */
const FEW_COLUMNS = 16
const MOST_CELLS = 2 ** 23

export interface LabelText {
  readonly count?: number
  readonly classes?: number
  /** File name of each sample, without folders: a table may be in another order. */
  readonly sampleFiles?: readonly string[]
}

/**
 * Labels in text: a JSON list, a JSON object of files and their labels, one a line, all on one line, one-hot, or the column of a table that is headed so. Where the
 * table names the samples' files, it is read by them; else without a heading the last of a few columns counts.
 * @throws UserError bad-labels
 */
export function parseLabelText(bytes: Uint8Array, file: string, expected: LabelText): ClassLabels {
  const cells = cellsOf(bytes)
  const [first, second] = firstRows(cells, 2, file)
  if (second !== undefined && first.length > FEW_COLUMNS) return fromWideTable(bytes, file, first, second, expected)
  const isJson = bytes[0] === '['.charCodeAt(0) || bytes[0] === '{'.charCodeAt(0)
  const rows = isJson ? jsonRows(bytes, file) : rowsOf(cells, file)
  if (rows.length === 0) throw badLabels(file, 'holds no label')
  if (rows.length === 1 && rows[0].length > 1) return labelsOf(file, rows[0])
  const heading = headingOrCount(rows, expected.count)
  const lines = heading.titles ? rows.slice(1) : rows
  const columns = rows[0].length
  const uneven = lines.findIndex((line) => line.length !== columns)
  if (uneven >= 0) throw badLabels(file, `has ${lines[uneven].length} columns in a line, and ${columns} in the first`)
  const files = fileColumn(lines, heading.label, expected.sampleFiles)
  if (heading.label === undefined && columns > 1) {
    const oneHot = fromOneHot(lines.flat().map(numberOf), columns)
    if (oneHot && (columns === expected.classes || expected.classes === undefined)) return { file, values: oneHot }
  }
  const column = heading.label ?? lastBut(files, lines[0])
  const texts = lines.map((line) => line[column])
  return labelsOf(
    file,
    files === undefined
      ? texts
      : inOrder(
          texts,
          lines.map((line) => line[files]),
          expected,
          file,
        ),
  )
}

function headingOrCount(rows: readonly string[][], count: number | undefined): Heading {
  const heading = headingOf(rows)
  if (heading.titles || rows.length - 1 !== count || rows[0].some(isNumber)) return heading
  return { titles: rows[0] }
}

/** One-hot, or the samples with their labels. */
function fromWideTable(
  bytes: Uint8Array,
  file: string,
  first: readonly string[],
  second: readonly string[],
  { classes }: LabelText,
): ClassLabels {
  const columns = first.length
  const { label, titles } = headingOf([first, second])
  if (label === undefined && second.every(isNumber)) {
    const { dims, read } = parseTable(bytes, file, columns).array
    const oneHot = fromOneHot(read(0, sizeOfDims(dims)), columns)
    if (oneHot) return { file, values: oneHot }
  }
  const table = label !== undefined || titles ? parseTable(bytes, file) : parseTable(bytes, file, columns - 1, classes)
  if (table.labels) return table.labels
  throw badLabels(
    file,
    `has ${columns} columns, and none is headed label, class, target or y`,
    'Give the column of labels such a heading.',
  )
}

/** The last column that holds no file names. */
function lastBut(files: number | undefined, line: readonly string[]): number {
  const isFile = (column: number): boolean => column === files || /\.[a-z]{3,4}$/i.test(line[column])
  const candidates = [...line.keys()].filter((column) => !isFile(column))
  return candidates.at(-1) ?? line.length - 1
}

/** The column of the samples' file names, where there is one: with their endings, or without in a table that names all. */
function fileColumn(
  lines: readonly string[][],
  label: number | undefined,
  sampleFiles: readonly string[] | undefined,
): number | undefined {
  if (!sampleFiles) return undefined
  const known = new Set(sampleFiles)
  const found = lines[0].findIndex((_, column) => lines.some((line) => known.has(baseName(line[column]))))
  if (found >= 0) return found
  const stems = new Set(sampleFiles.map(withoutEnding))
  const namesAll = (column: number): boolean => {
    const named = new Set(lines.map((line) => baseName(line[column])))
    return named.size === lines.length && [...stems].every((stem) => named.has(stem))
  }
  const stemmed = lines[0].findIndex((_, column) => lines[0].length > 1 && column !== label && namesAll(column))
  return stemmed < 0 ? undefined : stemmed
}

/** The label of each sample by its file's name. */
function inOrder(
  texts: readonly string[],
  files: readonly string[],
  { sampleFiles = [] }: LabelText,
  file: string,
): string[] {
  const byFile = new Map(files.map((name, line) => [baseName(name), texts[line]]))
  return sampleFiles.map((name) => {
    const label = byFile.get(name) ?? byFile.get(withoutEnding(name))
    if (label === undefined) throw badLabels(file, `has no label for ${name}`)
    return label
  })
}

function labelsOf(file: string, texts: readonly string[]): ClassLabels {
  return texts.every(isNumber) ? { file, values: texts.map(Number) } : namedLabels(file, texts)
}

function rowsOf(cells: Cells, file: string): string[][] {
  const rows: string[][] = []
  let count = 0
  forEachCell(cells, (row, _, start, end) => {
    if ((count += 1) > MOST_CELLS) throw badLabels(file, 'is too large to hold labels alone')
    ;(rows[row] ??= []).push(textAt(cells, start, end))
  })
  return rows
}

/** A list is one row; so is the only list of an object; any other object is a table of its keys and values. */
function jsonRows(bytes: Uint8Array, file: string): string[][] {
  const isCell = (value: unknown): boolean => typeof value === 'number' || typeof value === 'string'
  const isList = (value: unknown): value is unknown[] => Array.isArray(value) && value.every(isCell)
  const read = parsedJson(bytes)
  if (isList(read)) return [read.map(String)]
  if (read && !Array.isArray(read)) {
    const lists = Object.values(read).filter(isList)
    if (lists.length === 1) return lists.map((list) => list.map(String))
    const entries = Object.entries(read)
    if (entries.every(([, value]) => isCell(value))) return entries.map(([key, value]) => [key, String(value)])
  }
  throw badLabels(
    file,
    'is JSON, but not a list of numbers or names',
    'Save a list of labels in the order of the samples, or an object with the label of each file.',
  )
}

function parsedJson(bytes: Uint8Array): object | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as object
  } catch {
    return undefined
  }
}

const numberOf = (text: string): number => (isNumber(text) ? Number(text) : NaN)
const withoutEnding = (name: string): string => name.replace(/\.[a-z0-9]{2,5}$/i, '')
const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)

const badLabels = (file: string, message: string, hint?: string): UserError =>
  new UserError('bad-labels', `${file} ${message}.`, { where: { file }, hint })
