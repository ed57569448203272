import { UserError } from '../core/errors.ts'
import { forEachCell, numberAt, textAt, type Cells } from './cells.ts'
import type { Purpose } from './npz.ts'
import type { ClassLabels } from './class-labels.ts'
import type { StoredArray } from './stored-array.ts'
import { isNumber, type Heading } from './table-heading.ts'

/** Which columns hold the sample, its label, and whether the sample is for training. */
interface PixelColumns {
  readonly pixels: number
  readonly label?: number
  readonly usage?: number
}

/** Shorter lists in a cell are no pictures or signals. */
const LEAST_VALUES = 9
const MOST_VALUES = 2 ** 28
const USAGE = /^(usage|split|set|subset|partition)$/
const separators = /[\s,;[\]]+/

/** A table in which one cell of a row holds all values of a sample: `emotion,pixels,Usage` with pixels 0 255 17 …, as FER-2013 has. */
export function pixelColumns([, second]: readonly string[][], { titles, label }: Heading): PixelColumns | undefined {
  if (!titles || !second) return undefined
  const isList = (text: string): boolean => {
    const parts = listed(text)
    return parts.length >= LEAST_VALUES && parts.every(isNumber)
  }
  const lists = [...second.keys()].filter((column) => isList(second[column]))
  if (lists.length !== 1) return undefined
  const [pixels] = lists
  const numbers = [...second.keys()].filter((column) => isNumber(second[column]))
  const classes = label ?? (numbers.length === 1 ? numbers[0] : undefined)
  const usage = titles.findIndex((title) => USAGE.test(title))
  return { pixels, ...(classes !== undefined && { label: classes }), ...(usage >= 0 && { usage }) }
}

/**
 * Of a table that says which rows are for training, those or the others, by the purpose; all where that leaves none.
 * @throws UserError bad-csv
 */
export function readPixelColumn(
  cells: Cells,
  columns: PixelColumns,
  file: string,
  purpose: Purpose = 'test',
): { array: StoredArray; labels?: ClassLabels } {
  const rows: { from: number; to: number; label: number; isTraining?: boolean }[] = []
  forEachCell(cells, (row, column, start, end) => {
    if (row === 0) return
    const read = (rows[row - 1] ??= { from: 0, to: 0, label: NaN })
    if (column === columns.pixels) Object.assign(read, { from: start, to: end })
    if (column === columns.label) read.label = numberAt(cells, start, end)
    if (column === columns.usage) read.isTraining = /^train/i.test(textAt(cells, start, end))
  })
  const chosen = rows.filter(({ isTraining }) => isTraining === (purpose === 'train'))
  const used = chosen.length > 0 ? chosen : rows
  const numbersOf = (row: { from: number; to: number }): string[] => listed(textAt(cells, row.from, row.to))
  const size = numbersOf(used[0]).length
  if (used.length * size > MOST_VALUES) {
    throw new UserError('file-too-large', `${file} holds more values than are read from text.`, {
      where: { file },
      hint: 'Save them as .npy.',
    })
  }
  const values = new Float32Array(used.length * size)
  used.forEach((row, at) => {
    const numbers = numbersOf(row)
    const place = `of sample ${at}`
    if (numbers.length !== size) throw bad(file, `holds ${numbers.length} values ${place}, and ${size} of the first`)
    const wrong = numbers.find((text) => !isNumber(text))
    if (wrong !== undefined) throw bad(file, `holds “${wrong.slice(0, 40)}” among the values ${place}`)
    values.set(numbers.map(Number), at * size)
  })
  const array = {
    dims: [used.length, size],
    read: (start: number, count: number) => values.subarray(start, start + count),
  }
  const labels = used.map(({ label }) => label)
  return {
    array,
    ...(columns.label !== undefined && !labels.some(Number.isNaN) && { labels: { file, values: labels } }),
  }
}

const listed = (text: string): string[] => text.split(separators).filter((part) => part !== '')

const bad = (file: string, message: string): UserError =>
  new UserError('bad-csv', `${file} ${message}.`, { where: { file } })
