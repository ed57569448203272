import type { AccuracyReport } from './accuracy-report.ts'
import { classTable, layerTable, networkTable, worstTable } from './report-rows.ts'

/** The report's tables for a spreadsheet (RFC 4180), one after the other, each under its title. */
export function reportCsv(report: AccuracyReport): string {
  const tables = [networkTable(report), layerTable(report), classTable(report), worstTable(report)]
  const blocks = tables.map(({ title, header, rows }) => [[title], header, ...rows].map(line).join(''))
  return blocks.join('\r\n')
}

const line = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\r\n`

/** A cell that a spreadsheet would take for a formula is marked as text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
