import { expect, it } from 'vitest'
import { forecastText } from '../../src-main/cli/budget.ts'
import { forecastBudget } from '../../src-main/owner/budget/forecast.ts'

it('a plan says what each audit rate lets a liar have, and what it costs', () => {
  const lines = forecastText(forecastBudget(61_706, 16_384, { outputs: 10, batch: 1 })).split('\n')
  const rowOf = (...words: string[]) => lines.find((line) => words.every((word) => line.includes(word)))
  expect(lines[0]).toContain('259.7 bits')
  expect(rowOf('label', 'no audits')).toContain('78 answers in all')
  // (1 − p)/p answers of log₂(10) bits.
  expect(rowOf('label', '--audit 0.05 ')).toMatch(/63\.1 bits before it is caught +5 %/)
  // log₂(10 · 9 · 8) bits an answer, 49 answers: more than may be given away.
  expect(rowOf('top-k', '--audit 0.02 ')).toMatch(/too much: audit more +2 %/)
})
