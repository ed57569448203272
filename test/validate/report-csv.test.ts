import { describe, expect, it } from 'vitest'
import { accuracyReport } from '../../src-main/core/validate/accuracy-report.ts'
import { reportCsv } from '../../src-main/core/validate/report-csv.ts'

const outputs = (...rows: number[][]) => rows.map((row) => Float64Array.from(row))

describe('reportCsv', () => {
  const report = accuracyReport({
    labels: [0, 1],
    original: outputs([2, 1], [0, 1]),
    polynomial: outputs([2, 1.5], [1, 0.5]),
    layers: [
      {
        name: '=cmd|"calc"',
        original: 'Relu, capped',
        degree: 2,
        errorAdded: 0.1,
        agreement: 0.5,
        rangeMargin: 1.2,
        outOfRange: 0,
      },
    ] as never,
  })
  const lines = reportCsv(report).split('\r\n')

  it('holds every table under its title', () => {
    for (const title of ['Networks', 'Where the error comes from', 'By class', 'Worst samples']) {
      expect(lines).toContain(title)
    }
    expect(lines).toContain('original,2,100.00 %,–')
    expect(lines).toContain('polynomial,2,50.00 %,50.00 %')
  })

  it('quotes what has commas or quotes, and lets no cell be a formula', () => {
    expect(lines.find((line) => line.includes('calc'))).toMatch(/^"'=cmd\|""calc""","Relu, capped",2,/)
    expect(lines.some((line) => /(^|,)[=@]/.test(line))).toBe(false)
  })
})
