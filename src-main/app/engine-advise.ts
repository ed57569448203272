import { deploymentWords, leftOutWords } from '../core/compile/deployment-words.ts'
import type { Candidate } from '../core/compile/candidates.ts'
import type { WorkContext } from '../core/progress.ts'
import type { AdviceView, CandidateView } from '../ipc/results.ts'
import { advise, type AdviseRequest } from '../jobs/advise.ts'

/** Compares deployments; which of them to recommend depends on the goal, and is asked for afterwards. */
export async function adviseForWindow(
  request: Omit<AdviseRequest, 'goal' | 'force'>,
  work: WorkContext,
): Promise<AdviceView> {
  const advice = await advise({ ...request, goal: 'offline', force: false }, work)
  const { candidates, beaten, impossible, complete, seconds } = advice
  return {
    candidates: candidates.map(viewOf),
    beaten: beaten.map(viewOf),
    impossible: impossible.map(({ choice, problem }) => ({
      words: deploymentWords({ ...choice, cuts: choice.split.by === 'cuts' ? choice.split.cuts : [] }),
      problem,
    })),
    leftOut: leftOutWords(advice),
    complete,
    seconds,
  }
}

const viewOf = (candidate: Candidate): CandidateView => ({ ...candidate, words: deploymentWords(candidate) })
