/** What deployments keep against what they cost: the points of a chart. */
import type { CandidateView, JobResult, KeptResult } from './api.ts'
import { keptWords, qualityOf } from './advice.ts'
import { bytes, dateTime, duration } from './format.ts'

/** A filled circle, or a ring alone: who sees no difference between the colours tells them apart too. */
export const LOOKS = {
  recommended: { label: 'recommended', color: 'var(--accent)', opacity: 0.85, kind: 'dot' },
  unbeaten: { label: 'not beaten', color: 'var(--text)', opacity: 0.5, kind: 'dot' },
  beaten: { label: 'beaten in every respect', color: 'var(--muted)', opacity: 0, kind: 'ring' },
  exported: { label: 'exported', color: 'var(--accent)', opacity: 0.5, kind: 'dot' },
} as const

export interface TradeOff {
  readonly words: string
  /** What it keeps and costs. */
  readonly figures: string
  /** Of one input at the edge. */
  readonly seconds: number
  /** Labels kept, or how close outputs are, in per cent. */
  readonly quality: number
  readonly bytes: number
  readonly look: keyof typeof LOOKS
}

type Found = Pick<CandidateView, 'judgedBy' | 'keptLabels' | 'keptLow' | 'relativeError' | 'edgeSeconds'>

const tradeOff = (words: string, found: Found, size: number, look: TradeOff['look']): TradeOff => ({
  words,
  figures: `${keptWords(found)}, ${duration(found.edgeSeconds)}, ${bytes(size)}`,
  seconds: Math.max(1e-3, found.edgeSeconds),
  quality: qualityOf(found),
  bytes: size,
  look,
})

/** Of deployments that were compared; `recommended` is the place of one in `candidates`. */
export const comparedTradeOffs = (
  candidates: readonly CandidateView[],
  beaten: readonly CandidateView[],
  recommended: number | null,
): TradeOff[] =>
  [...candidates, ...beaten].map((candidate, place) =>
    tradeOff(
      candidate.words,
      candidate,
      candidate.bundleBytes,
      place === recommended ? 'recommended' : place < candidates.length ? 'unbeaten' : 'beaten',
    ),
  )

/** Of exports among kept results, where it was measured what they keep and is known what they take. */
export const exportedTradeOffs = (results: readonly KeptResult[]): TradeOff[] =>
  results.flatMap(({ job, value, when, choices }) => {
    if (job !== 'protect') return []
    const { kept, edgeSeconds, bundles } = value as JobResult<'protect'>
    if (!kept || edgeSeconds === undefined) return []
    const size = bundles.reduce((total, bundle) => total + bundle.bytes, 0)
    return [tradeOff(`${dateTime(when)}, ${choices}`, { ...kept, edgeSeconds }, size, 'exported')]
  })
