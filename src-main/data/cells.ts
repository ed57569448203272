import { UserError } from '../core/errors.ts'

/** Cells of a table in text: CSV with commas or semicolons, tabs, or spaces. */
export interface Cells {
  readonly bytes: Uint8Array
  readonly delimiter: number
}

const [COMMA, SEMICOLON, TAB, SPACE, QUOTE, NEW_LINE, RETURN] = Array.from(',;\t "\n\r', (c) => c.charCodeAt(0))
/** A line longer than this is no row of a table. */
const SAMPLE_BYTES = 2 ** 20

/** Finds out what separates cells: what occurs in the first line, in the order of comma, semicolon, tab, space. */
export function cellsOf(file: Uint8Array): Cells {
  const bytes = plainText(file)
  const end = bytes.subarray(0, SAMPLE_BYTES).indexOf(NEW_LINE)
  const line = new TextDecoder()
    .decode(bytes.subarray(0, end < 0 ? SAMPLE_BYTES : end))
    .trim()
    .replace(/"[^"]*"/g, '')
  const found = [COMMA, SEMICOLON, TAB, SPACE].find((byte) => line.includes(String.fromCharCode(byte)))
  return { bytes, delimiter: found ?? COMMA }
}

/** UTF-8 without its byte-order mark; spreadsheets and PowerShell write UTF-16. */
function plainText(file: Uint8Array): Uint8Array {
  const begins = (...mark: readonly number[]): boolean => mark.every((byte, i) => file[i] === byte)
  if (begins(0xef, 0xbb, 0xbf)) return file.subarray(3)
  const encoding = begins(0xff, 0xfe) ? 'utf-16le' : begins(0xfe, 0xff) ? 'utf-16be' : undefined
  return encoding ? new TextEncoder().encode(new TextDecoder(encoding).decode(file)) : file
}

/** Where a cell's text stands, without spaces and quotes around it. */
export type VisitCell = (row: number, column: number, start: number, end: number) => void

/** Visits the cells of every line that is not empty; `atRow` ends it by returning false. Several spaces separate once. */
export function forEachCell(cells: Cells, visit: VisitCell, atRow?: (columns: number) => boolean): void {
  const { bytes } = cells
  for (let [from, row] = [0, 0]; from < bytes.length;) {
    const newLine = bytes.indexOf(NEW_LINE, from)
    const lineEnd = newLine < 0 ? bytes.length : newLine
    let [start, end] = [from, lineEnd]
    while (start < end && isBlank(bytes[start])) start += 1
    while (start < end && isBlank(bytes[end - 1])) end -= 1
    from = lineEnd + 1
    if (start === end) continue
    const columns = visitLine(cells, start, end, (column, first, last) => visit(row, column, first, last))
    row += 1
    if (atRow && !atRow(columns)) return
  }
}

const isBlank = (byte: number): boolean => byte === SPACE || byte === RETURN

/** Returns how many cells there are. */
function visitLine(
  { bytes, delimiter }: Cells,
  lineStart: number,
  lineEnd: number,
  visit: (column: number, start: number, end: number) => void,
): number {
  for (let [at, column] = [lineStart, 0]; ; column++) {
    while (at < lineEnd && isBlank(bytes[at])) at += 1
    const isQuoted = at < lineEnd && bytes[at] === QUOTE
    const start = isQuoted ? at + 1 : at
    let end = start
    if (isQuoted) {
      while (end < lineEnd && (bytes[end] !== QUOTE || bytes[end + 1] === QUOTE)) end += bytes[end] === QUOTE ? 2 : 1
      at = end + 1
    }
    while (at < lineEnd && bytes[at] !== delimiter) at += 1
    if (!isQuoted) for (end = at; end > start && isBlank(bytes[end - 1]);) end -= 1
    visit(column, start, Math.min(end, lineEnd))
    if (at >= lineEnd) return column + 1
    at += 1
  }
}

const MOST_CELLS_OF_A_LINE = 2 ** 22

/** The first lines as text. @throws UserError bad-csv where a line is longer than any table's */
export function firstRows(cells: Cells, count: number, file: string): string[][] {
  const rows: string[][] = []
  const visit: VisitCell = (row, column, start, end) => {
    if (column > MOST_CELLS_OF_A_LINE) {
      throw new UserError('bad-csv', `${file} has too many columns in line ${row + 1}.`, { where: { file } })
    }
    ;(rows[row] ??= []).push(textAt(cells, start, end))
  }
  forEachCell(cells, visit, () => rows.length < count)
  return rows
}

export const textAt = ({ bytes }: Cells, start: number, end: number): string =>
  new TextDecoder().decode(bytes.subarray(start, end)).replaceAll('""', '"')

/** NaN where the cell is no number. */
export function numberAt({ bytes }: Cells, start: number, end: number): number {
  let value = 0
  if (end > start && end - start <= 15) {
    let at = start
    for (; at < end; at++) {
      const digit = bytes[at] - 48
      if (digit < 0 || digit > 9) break
      value = 10 * value + digit
    }
    if (at === end) return value
  }
  return end > start ? Number(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')) : NaN
}
