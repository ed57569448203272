import { describe, expect, it } from 'vitest'
import { forecastText, leftOf, policyPairs } from '../../src-main/cli/budget.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
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

it('a plan counts each output of a network with several, and no labels of quantities', () => {
  const label = (classes: number) => ({ output: 'o', scores: 's', classes, isProbability: false })
  const tail = { labels: [label(10), label(4)] } as unknown as LayerModel['tail']
  const [shape, layers] = [[14, 1, 1] as const, [] as never[]]
  const model: LayerModel = {
    name: '',
    input: { name: 'x', shape, onnxShape: [1, 14], layout: 'nchw' as const },
    output: 'x',
    finish: 'none',
    layers,
    tail,
  }
  const answering = { outputs: 14, batch: 1, model }
  const [{ bitsPerAnswer: forecast, answers }] = forecastBudget(61_706, 16_384, answering).answers
  expect(forecast).toBeCloseTo(Math.log2(10 * 4), 12)
  // 259.7 bits.
  expect(answers).toBe(48)
  const quantities = forecastBudget(61_706, 16_384, {
    ...answering,
    model: { ...model, tail: undefined, quantities: true },
  })
  expect(quantities.answers).toEqual([])
  expect(forecastText(quantities)).toContain('tell quantities')
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

  it('with audits is not counted, unless it tells scores', () => {
    const audit = { rate: 0.5, bitsBeforeCaught: 3.32, catchesLeft: 39 }
    const labels = { ...budget, audit, answersLeft: null }
    expect(policyPairs(labels).map(([name]) => name)).toEqual(['audit rate'])
    expect(leftOf(labels)).toBe('audited at 0.5')
    const scores = { ...budget, audit, answersLeft: 5 }
    expect(policyPairs(scores)[1]).toEqual(['answers', expect.stringMatching(/^5, /)])
    expect(leftOf(scores)).toBe('5, audited at 0.5')
    expect(leftOf({ ...scores, answersLeft: 0 })).toBe('none: export again')
  })
})
