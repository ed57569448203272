import { present } from '../must.ts'
import type { AccuracyReport } from './accuracy-report.ts'
import {
  classTable,
  classText,
  layerTable,
  networkTable,
  noiseSentence,
  originalSentence,
  seenClasses,
  worstTable,
} from './report-rows.ts'
import { quantisedSentences } from './quantised-report.ts'
import type { ReportTable } from './report-rows.ts'

/**
 * The report as one HTML page with its plots, without scripts or anything to fetch.
 * @param origin - names and values that say how it was made
 */
export function reportHtml(report: AccuracyReport, title: string, origin: ReportTable['rows'] = []): string {
  const { layers } = report
  const noise = noiseSentence(report)
  const original = originalSentence(report)
  const name = (label: number): string => escape(classText(report, label))
  const sections = [
    report.warnings.map((warning) => `<p class="warning">${escape(warning)}</p>`).join(''),
    table(networkTable(report)),
    noise ? `<p>${escape(noise)}</p>` : '',
    ...(original ? [`<p>${escape(original)}</p>`] : []),
    ...quantisedSentences(report).map((sentence) => `<p>${escape(sentence)}</p>`),
    table(layerTable(report)),
    bars(
      'Error added by layer',
      layers.map((layer) => ({ name: layer.name, value: layer.errorAdded })),
    ),
    table(classTable(report)),
    bars(
      'Change by class (points)',
      seenClasses(report).map(({ label, original, polynomial }) => ({
        name: classText(report, label),
        value: polynomial - original,
      })),
    ),
    confusion('Confusion matrix, original', report.original.confusion, name),
    confusion('Confusion matrix, polynomial', report.polynomial.confusion, name),
    confusion(`Confusion matrix, encrypted (${report.encrypted?.samples} samples)`, report.encrypted?.confusion, name),
    table(worstTable(report)),
    table({ title: 'How this report was made', header: ['', ''], rows: origin }),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escape(title)}</h1>
${sections.filter(Boolean).join('\n')}
</body>
</html>
`
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
th, td { text-align: left; padding: 0.2rem 0.8rem 0.2rem 0; border-bottom: 1px solid #d8dee5; }
.matrix td { text-align: right; padding: 0.2rem 0.5rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; }
.warning { background: #fff3d6; padding: 0.5rem 0.8rem; }
svg text { font: 12px system-ui, sans-serif; fill: #1c2733; }
`

/** The page with more at its end: tables, and lines as they are typed. */
export function withSections(
  page: string,
  tables: readonly ReportTable[],
  typed: { title: string; lines: string },
): string {
  const sections = [...tables.map(table), `<h2>${escape(typed.title)}</h2>\n<pre>${escape(typed.lines)}</pre>`]
  return page.replace('</body>', () => `${sections.join('\n')}\n</body>`)
}

function table({ title, header, rows }: ReportTable): string {
  if (rows.length === 0) return ''
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`
  return `<h2>${escape(title)}</h2>\n<table>${row(header, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`
}

const BAR = { height: 16, gap: 6, left: 180, width: 420, room: 70 } as const

/** Horizontal bars from a common zero. */
function bars(title: string, items: readonly { readonly name: string; readonly value: number }[]): string {
  if (items.length === 0) return ''
  const low = Math.min(0, ...items.map(({ value }) => value))
  const high = Math.max(0, ...items.map(({ value }) => value))
  const perUnit = BAR.width / (high - low || 1)
  const zero = BAR.left - low * perUnit
  const rows = items.map(({ name, value }, i) => {
    const y = i * (BAR.height + BAR.gap)
    const x = value < 0 ? zero + value * perUnit : zero
    const width = Math.max(1, Math.abs(value) * perUnit)
    const label = (100 * value).toFixed(2)
    return (
      `<text x="0" y="${y + 12}">${escape(name.slice(0, 26))}</text>` +
      `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR.height}" fill="${value < 0 ? '#c4553b' : '#3b78c4'}"/>` +
      `<text x="${(zero + Math.max(0, value) * perUnit + 6).toFixed(1)}" y="${y + 12}">${label}</text>`
    )
  })
  const height = items.length * (BAR.height + BAR.gap)
  const width = BAR.left + BAR.width + BAR.room
  return `<h2>${escape(title)}</h2>\n<svg role="img" aria-label="${escape(title)}" width="${width}" height="${height}">${rows.join('')}</svg>`
}

/** Rows are the true classes; darker cells hold a larger share of their row. */
function confusion(
  title: string,
  counts: readonly (readonly number[])[] | undefined,
  name: (label: number) => string,
): string {
  if (!counts || counts.length > 50) return ''
  const cell = (count: number, total: number) => {
    const strength = total === 0 ? 0 : count / total
    return `<td style="background: rgba(59, 120, 196, ${(0.7 * strength).toFixed(3)})">${count}</td>`
  }
  const rows = counts.map((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    return `<tr><th>${name(label)}</th>${row.map((count) => cell(count, total)).join('')}</tr>`
  })
  const header = `<tr><th>truth</th>${counts.map((_, label) => `<th>${name(label)}</th>`).join('')}</tr>`
  return `<h2>${escape(title)}</h2>\n<table class="matrix">${header}${rows.join('')}</table>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => present(entities[character]))
