import { UserError } from '../core/errors.ts'
import { cellsOf, firstRows, forEachCell, numberAt, textAt, type Cells } from './cells.ts'
import { namedLabels, type ClassLabels } from './class-labels.ts'
import type { Purpose } from './npz.ts'
import { pixelColumns, readPixelColumn } from './pixel-column.ts'
import { sizeOfDims, type StoredArray } from './stored-array.ts'
import { headingOf, isIndexHeading, isNumber, type Heading } from './table-heading.ts'

export interface Table {
  /** One row a sample. */
  readonly array: StoredArray
  readonly labels?: ClassLabels
}

interface Columns {
  readonly heading: Heading
  readonly count: number
  readonly label?: number
  /** Of the samples' values, in their order; with the label at one end where nobody says which. */
  readonly values: readonly number[]
  readonly isLabelAtAnEnd: boolean
  /** Columns of a one-hot label at one end, where a network's values and classes leave room for it. */
  readonly oneHot?: number
}

/** Values that are held at once: bytes, or eight times as many bits for others. */
const MOST_VALUES = 2 ** 28
const MOST_WIDE_VALUES = 2 ** 26

/**
 * A text table with the values of one sample on each line, and perhaps its label: in the column headed so, or first or
 * last where there is no heading; as many columns at one end as there are classes where it is one-hot. Or all values in one cell.
 * @param size - values of one sample, where a network says so
 * @throws UserError bad-csv, file-too-large
 */
export function parseTable(bytes: Uint8Array, file: string, size?: number, classes?: number, purpose?: Purpose): Table {
  const cells = cellsOf(bytes)
  const rows = firstRows(cells, 2, file)
  if (rows.length === 0) throw badCsv(file, 'holds no line')
  const heading = headingOf(rows)
  const inOneCell = pixelColumns(rows, heading)
  if (inOneCell) return readPixelColumn(cells, inOneCell, file, purpose)
  const columns = columnsOf(rows, heading, file, size, classes)
  const { values, labels, lines } = readValues(cells, columns, file)
  const stride = columns.values.length
  if (columns.oneHot !== undefined) {
    const column = oneHotLabels(values, lines, stride, columns.oneHot)
    if (!column || size === undefined) throw widthProblem(columns.count, file, size ?? stride)
    return { array: arrayOf(values, lines, stride, column.skip, size), labels: { file, values: column.labels } }
  }
  if (!columns.isLabelAtAnEnd) return { array: arrayOf(values, lines, stride, 0, stride), ...(labels && { labels }) }
  const end = labelEnd(values, lines, stride, file, classes)
  const column = Float64Array.from(
    { length: lines },
    (_, line) => values[line * stride + (end === 'first' ? 0 : stride - 1)],
  )
  const array = arrayOf(values, lines, stride, end === 'first' ? 1 : 0, stride - 1)
  return { array, labels: { file, values: column } }
}

function columnsOf(
  rows: readonly string[][],
  heading: Heading,
  file: string,
  size: number | undefined,
  classes: number | undefined,
): Columns {
  const [first] = rows
  const count = first.length
  const named = heading.label ?? textColumn(rows, heading)
  const all = [...first.keys()].filter((column) => column !== named)
  const { titles } = heading
  const others = titles ? all.filter((column) => !isIndexHeading(titles[column])) : all
  const values = others.length === size || all.length !== size ? others : all
  const isPicture = (length: number): boolean =>
    [length, length / 3].some((pixels) => Number.isInteger(Math.sqrt(pixels)))
  const isOneMore =
    size === undefined ? !isPicture(values.length) && isPicture(values.length - 1) : values.length === size + 1
  const isLabelAtAnEnd = named === undefined && isOneMore
  if (size !== undefined && named === undefined && classes !== undefined && classes > 1) {
    if (all.length === size + classes) return { heading, count, values: all, isLabelAtAnEnd: false, oneHot: classes }
  }
  if (size !== undefined && values.length !== size && !isLabelAtAnEnd) throw widthProblem(count, file, size)
  return { heading, count, ...(named !== undefined && { label: named }), values, isLabelAtAnEnd }
}

/**
 * Text first or last on a line without a heading can only be its label, and so can the only column of text under a heading
 * that names neither files nor rows.
 */
function textColumn([first, second]: readonly (readonly string[])[], { titles }: Heading): number | undefined {
  if (!titles) return [0, first.length - 1].find((column) => !isNumber(first[column]))
  const isText = (column: number): boolean => /\S/.test(second[column] ?? '') && !isNumber(second[column])
  const texts = [...first.keys()].filter((column) => isText(column) && !isIndexHeading(titles[column]))
  return texts.length === 1 ? texts[0] : undefined
}

type Values = Uint8Array | Float64Array

interface ReadValues {
  readonly values: Values
  readonly lines: number
  readonly labels?: ClassLabels
}

function readValues(cells: Cells, { heading, count, label, values: wanted }: Columns, file: string): ReadValues {
  const skipped = heading.titles ? 1 : 0
  const stride = wanted.length
  const lines = Math.max(0, countLines(cells) - skipped)
  if (lines * stride > MOST_VALUES) throw tooLarge(file)
  const places = new Int32Array(count).fill(-1)
  wanted.forEach((column, place) => (places[column] = place))
  const labelCells: [start: number, end: number][] = []
  let values: Values = new Uint8Array(lines * stride)
  let line = 0
  const visit = (row: number, column: number, start: number, end: number): void => {
    line = row
    if (row < skipped || column >= count) return
    if (column === label) labelCells.push([start, end])
    const place = places[column]
    if (place < 0) return
    const value = numberAt(cells, start, end)
    if (Number.isNaN(value)) {
      const text = textAt(cells, start, end).slice(0, 40)
      const pieces = /^-?\d+[,;\t ]-?\d+$/.test(text)
      throw badCsv(
        file,
        `holds “${text}” in line ${row + 1}, column ${column + 1}`,
        pieces ? 'If a comma stands for the decimal point, save the table with points.' : undefined,
      )
    }
    if (values instanceof Uint8Array && (value < 0 || value > 255 || !Number.isInteger(value))) {
      if (values.length > MOST_WIDE_VALUES) throw tooLarge(file)
      values = Float64Array.from(values)
    }
    values[(row - skipped) * stride + place] = value
  }
  forEachCell(cells, visit, (columns) => {
    if (columns === count) return true
    throw badCsv(file, `has ${columns} columns in line ${line + 1}, and ${count} in the first`)
  })
  return { values, lines, ...(label !== undefined && { labels: labelsOf(cells, labelCells, file) }) }
}

function labelsOf(cells: Cells, found: readonly (readonly [number, number])[], file: string): ClassLabels {
  const numbers = found.map(([start, end]) => numberAt(cells, start, end))
  if (!numbers.some(Number.isNaN)) return { file, values: numbers }
  return namedLabels(
    file,
    found.map(([start, end]) => textAt(cells, start, end)),
  )
}

function countLines(cells: Cells): number {
  let lines = 0
  forEachCell(
    cells,
    () => {},
    () => {
      lines += 1
      return true
    },
  )
  return lines
}

/** Of the first or the last columns, if these have one 1 and zeros on every line; and how many columns stand in front of the values. */
function oneHotLabels(values: Values, lines: number, stride: number, classes: number) {
  for (const [start, skip] of [
    [stride - classes, 0],
    [0, classes],
  ]) {
    const rows = Array.from({ length: lines }, (_, line) =>
      values.subarray(line * stride + start, line * stride + start + classes),
    )
    const isOneHot = (row: Values): boolean =>
      row.indexOf(1) >= 0 && row.indexOf(1) === row.lastIndexOf(1) && row.every((value) => value === 0 || value === 1)
    if (rows.every(isOneHot)) return { labels: rows.map((row) => row.indexOf(1)), skip }
  }
  return undefined
}

const widthProblem = (count: number, file: string, size: number): UserError =>
  badCsv(
    file,
    `has ${count} columns; the network takes ${size} values`,
    'A column of labels may stand beside them, headed label.',
  )

/** The first column or the last, whichever holds class numbers; both may, and then nobody can know. */
function labelEnd(values: Values, lines: number, stride: number, file: string, classes = 1000): 'first' | 'last' {
  const isLabels = (place: number): boolean => {
    const column = Float64Array.from({ length: lines }, (_, line) => values[line * stride + place])
    return (
      column.every((value) => Number.isInteger(value) && value >= 0 && value < Math.max(2, classes)) &&
      new Set(column).size > 1
    )
  }
  const [first, last] = [isLabels(0), isLabels(stride - 1)]
  if (first !== last) return first ? 'first' : 'last'
  throw badCsv(
    file,
    `has ${stride} columns, one more than a sample has values, and it is not clear which is the label`,
    'Give the file a first line that heads the column of labels with label.',
  )
}

function arrayOf(values: Values, lines: number, stride: number, skip: number, size: number): StoredArray {
  const dims = [lines, size]
  if (stride === size) return { dims, read: (start, count) => values.subarray(start, start + count) }
  return {
    dims,
    read(start, count) {
      const end = Math.min(start + count, sizeOfDims(dims))
      return Float64Array.from({ length: end - start }, (_, i) => {
        const at = start + i
        return values[Math.floor(at / size) * stride + skip + (at % size)]
      })
    },
  }
}

const badCsv = (file: string, message: string, hint?: string): UserError =>
  new UserError('bad-csv', `${file} ${message}.`, { where: { file }, hint })

const tooLarge = (file: string): UserError =>
  new UserError('file-too-large', `${file} holds more values than are read from text.`, {
    where: { file },
    hint: 'Save them as .npy.',
  })
