import { present } from '../must.ts'
import type { AccuracyReport } from './accuracy-report.ts'
import { classTable, layerTable, networkTable, noiseSentence, originalSentence, worstTable } from './report-rows.ts'
import { quantisedSentences } from './quantised-report.ts'
import type { ReportTable } from './report-rows.ts'

/** The report for a terminal. */
export function reportText(report: AccuracyReport): string {
  const tables = [networkTable(report), layerTable(report), classTable(report), worstTable(report)]
  const parts = tables.filter(({ rows }) => rows.length > 0).map(alignTable)
  const noise = noiseSentence(report)
  const original = originalSentence(report)
  parts.splice(1, 0, ...(original ? [original] : []), ...(noise ? [noise] : []), ...quantisedSentences(report))
  return [...report.warnings.map((warning) => `Warning: ${warning}`), ...parts].join('\n\n') + '\n'
}

function alignTable({ title, header, rows }: ReportTable): string {
  const lines = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => present(line[column]).length)))
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(present(widths[column])))
      .join('  ')
      .trimEnd(),
  )
  return [title, ...text].join('\n')
}
