/** What the window says of deployments that were compared. */
import type { CandidateView, ProjectView } from './api.ts'
import { percent } from './format.ts'

type Choices = Pick<ProjectView['choices'], 'degree' | 'degrees' | 'splitPools' | 'split'>

const inOrder = (degrees: Readonly<Record<string, number>>) =>
  Object.entries(degrees).sort(([a], [b]) => (a < b ? -1 : 1))

/** Whether the project's choices are those of a candidate. */
export const alikeChoice = (candidate: Choices, choices: Choices): boolean =>
  candidate.degree === choices.degree &&
  candidate.splitPools === choices.splitPools &&
  JSON.stringify(candidate.split) === JSON.stringify(choices.split) &&
  JSON.stringify(inOrder(candidate.degrees)) === JSON.stringify(inOrder(choices.degrees))

/** Whether it keeps at least this share of the labels; without labels, whether the error is at most the rest. */
export const enoughOf = (
  { judgedBy, keptLabels, relativeError }: Pick<CandidateView, 'judgedBy' | 'keptLabels' | 'relativeError'>,
  least: number,
): boolean => (judgedBy === 'labels' ? keptLabels >= least : relativeError <= 1 - least)

export const keptWords = ({
  judgedBy,
  keptLabels,
  keptLow,
  relativeError,
}: Pick<CandidateView, 'judgedBy' | 'keptLabels' | 'keptLow' | 'relativeError'>): string =>
  judgedBy === 'labels'
    ? `keeps ${percent(keptLabels)} of the labels (at least ${percent(keptLow)} with 95 % confidence)`
    : `outputs within ${percent(relativeError)}`

/** What is drawn against time: labels kept, or how close outputs are, in per cent. */
export const qualityOf = ({
  judgedBy,
  keptLabels,
  relativeError,
}: Pick<CandidateView, 'judgedBy' | 'keptLabels' | 'relativeError'>): number =>
  judgedBy === 'labels' ? 100 * keptLabels : 100 * Math.max(0, 1 - relativeError)

/** Of all that were compared, those that keep enough, the smallest first. */
export const keepingEnough = (candidates: readonly CandidateView[], least: number): CandidateView[] =>
  candidates.filter((candidate) => enoughOf(candidate, least)).sort((a, b) => a.bundleBytes - b.bundleBytes)
