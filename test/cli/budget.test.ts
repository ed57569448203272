import { describe, expect, it } from 'vitest'
import { forecastText, policyPairs } from '../../src-main/cli/budget.ts'
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

describe('what a policy lets edges get', () => {
  const budget = {
    ...{ bitsSpent: 0, bitsAllowed: 129.8, bitsPerAnswer: 3.32, answersLeft: 39 },
    ...{ audits: { done: 0, passed: 0, failed: 0 }, edgesBlocked: 0 },
  }

  it('is so many answers, or what one takes where that is too much', () => {
    expect(policyPairs(budget)).toEqual([['answers', '39 that an edge may see, 129.8 bits (more with --audit)']])
    const none = { ...budget, bitsPerAnswer: 4000.25, answersLeft: 0 }
    expect(policyPairs(none)).toEqual([
      ['answers', 'none that an edge may see: one takes 4000.3 bits of 129.8 (more with --audit)'],
    ])
  })
})
