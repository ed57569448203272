import { UserError } from '../core/errors.ts'
import { MAX_LOG_QP } from '../core/plan/security.ts'
import type { Finishing } from '../core/normalise/run-tail.ts'
import type { PlannedSegments } from '../core/segment/plan-segments.ts'
import { floodingFor, scoresOf } from '../owner/choose-flooding.ts'
import { leavesScores, mostReleases, type Flooding } from '../owner/flood.ts'

/**
 * The plan of the smallest degree that is precise enough to release all scores of a network that many times: larger degrees leave
 * room for larger scales.
 * @throws UserError scores-too-noisy
 */
export function planForScores(
  plan: (leastDegree: number) => PlannedSegments,
  releases: number,
  sample: Float64Array,
  finishing: Finishing & { readonly quantities?: boolean },
): PlannedSegments & { readonly flooding: Flooding } {
  let most = 0
  let leastDegree = 0
  for (;;) {
    const planned = plan(leastDegree)
    const flooding = floodingFor(planned, finishing, sample, releases)
    const scores = scoresOf(planned)
    if (leavesScores(flooding, scores)) return { ...planned, flooding }
    most = Math.max(most, mostReleases(flooding, scores))
    const used = Math.min(...planned.segments.map(({ plan: { parameters } }) => parameters.polyModulusDegree))
    const larger = [...MAX_LOG_QP.keys()].find((degree) => degree > Math.max(used, leastDegree))
    if (larger === undefined) break
    leastDegree = larger
  }
  const what = finishing.tail ? 'what the last steps make of the scores' : 'scores'
  const times = releases === 1 ? 'once' : `${releases} times`
  // Several quantities have no label that could be told instead.
  const instead = finishing.quantities
    ? `Shallower segments (--split exact) need less noise${releases > 1 ? ', and so do fewer releases (--releases 1)' : ''}.`
    : 'Reveal the label or the top k.'
  throw new UserError('scores-too-noisy', `No plan is precise enough to release ${what} ${times}.`, {
    hint:
      (most > 0 ? `About ${most} releases are possible (--releases).` : instead) +
      (finishing.tail ? ' The noise that protects the key may move it by a tenth, and moves it further.' : ''),
  })
}
