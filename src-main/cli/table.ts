import { present } from '../core/must.ts'
import { printableName } from '../core/printable.ts'

type Cell = string | number

const isCount = (cell: Cell): boolean => typeof cell === 'number' || /^\d[\d,]*$/.test(cell)

/** Columns aligned with spaces; whole numbers to the right. The heading row is underlined. */
export function table(heading: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const right = heading.map((_, column) => rows.length > 0 && rows.every((row) => isCount(present(row[column]))))
  const texts = [heading, ...rows].map((row) => row.map((cell) => printableName(String(cell))))
  const widths = heading.map((_, column) => Math.max(...texts.map((row) => present(row[column]).length)))
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => {
        const width = present(widths[column])
        return right[column] ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const [first, ...others] = texts.map(line)
  return [first, widths.map((width) => '─'.repeat(width)).join('  '), ...others].join('\n')
}

/** Name and value, one pair a line. */
export function pairs(entries: readonly (readonly [name: string, value: Cell])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${printableName(String(value))}`).join('\n')
}
