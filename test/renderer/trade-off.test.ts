import { expect, it } from 'vitest'
import type { CandidateView, KeptResult } from '../../src-renderer/api.ts'
import { comparedTradeOffs, exportedTradeOffs } from '../../src-renderer/trade-off.ts'

const kept = { keptLabels: 0.98, keptLow: 0.93, relativeError: 0.1, judgedBy: 'labels' as const }

it('draws what is recommended, what is not beaten and what is', () => {
  const of = (words: string, edgeSeconds: number): CandidateView =>
    ({ words, edgeSeconds, bundleBytes: 5e6, ...kept }) as CandidateView
  const points = comparedTradeOffs([of('a', 0.2), of('b', 0.1)], [of('c', 0.3)], 1)
  expect(points.map(({ words, look, seconds }) => [words, look, seconds])).toEqual([
    ['a', 'unbeaten', 0.2],
    ['b', 'recommended', 0.1],
    ['c', 'beaten', 0.3],
  ])
  expect(points[0]).toMatchObject({
    quality: 98,
    bytes: 5e6,
    figures: expect.stringMatching(/98.*%.*, 200\sms, 5\.00\sMB$/),
  })
})

it('draws exports of which it is known what they keep and take', () => {
  const result = (job: string, value: object): KeptResult => ({
    ...{ job, when: '2026-11-30T08:00:00Z', version: '0.1.0', made: '', choices: 'degree 2' },
    value,
  })
  const bundles = [{ bytes: 3e6 }, { bytes: 4e6 }]
  const quantity = { ...kept, judgedBy: 'relative-error' as const }
  const points = exportedTradeOffs([
    result('protect', { bundles, edgeSeconds: 0.5, kept }),
    result('protect', { bundles, edgeSeconds: 0.25, kept: quantity }),
    result('protect', { bundles, edgeSeconds: 0.5 }),
    result('protect', { bundles, kept }),
    result('validate', { samples: 10 }),
  ])
  expect(points.map(({ seconds, quality, bytes, look }) => [seconds, quality, bytes, look])).toEqual([
    [0.5, 98, 7e6, 'exported'],
    [0.25, 90, 7e6, 'exported'],
  ])
  expect(points[0]?.words).toContain('degree 2')
})
