import { relativeDifferences } from '../core/validate/relative-differences.ts'
import type { Candidate } from '../core/compile/candidates.ts'
import type { SealAndTryResult } from './seal-and-try.ts'

/** The one recommended without the owner online; with at most two refreshes; and with every activation exact. */
export const DEPLOYMENTS = ['offline', 'two-refreshes', 'exact'] as const
export type Deployment = (typeof DEPLOYMENTS)[number]

/** One deployment of one network; what was not measured is null. Shares are between 0 and 1. */
export interface SuiteRow {
  readonly network: string
  readonly deployment: Deployment
  /** Planned: its figures are the advisor's. Impossible: `problem` says why. */
  readonly state: 'run' | 'planned' | 'impossible'
  readonly problem?: string
  readonly choice: Pick<Candidate, 'degree' | 'degrees' | 'splitPools' | 'split' | 'cuts'> | null
  readonly randomData: boolean
  /** Test samples of the two shares that follow and of `keptLabels`. */
  readonly samples: number | null
  readonly originalAccuracy: number | null
  readonly approximatedAccuracy: number | null
  /** Share of the original's labels that the approximated network gives; null for a network without labels. */
  readonly keptLabels: number | null
  /** Of a quantised network: test samples whose two best scores are more than one step of its outputs apart, and the share of these whose label is kept. */
  readonly clearSamples?: number
  readonly keptClear?: number
  /** Of the approximated network's outputs, on calibration samples held out. */
  readonly relativeError: number | null
  readonly encryptedSamples: number
  readonly encryptedAccuracy: number | null
  /** Encrypted samples with the approximated network's label, and with the original's. */
  readonly encryptedEqual: number | null
  readonly encryptedKept: number | null
  /** Largest |encrypted − approximated| over the largest |score|. */
  readonly encryptedError: number | null
  /** Of a network that gives back its input: largest change of a sample's squared distance from it, relative. */
  readonly scoreChange: number | null
  /** All segments together, in each the least of the samples; without loading and without the owner. */
  readonly edgeSeconds: number | null
  /** Processor time of all its threads for one input, on average over all but the first: what other work disturbs least. */
  readonly edgeCpuSeconds: number | null
  /** What the evaluators of all segments hold. */
  readonly edgeMemoryBytes: number | null
  /** Largest resident memory of a segment's process, Node and all. */
  readonly processBytes: number | null
  readonly bundleBytes: number | null
  readonly segments: number | null
  readonly refreshes: number | null
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

export function emptyRow(network: string, deployment: Deployment, randomData: boolean): SuiteRow {
  return {
    ...{ network, deployment, state: 'run', choice: null, randomData, samples: null },
    ...{ originalAccuracy: null, approximatedAccuracy: null, keptLabels: null, relativeError: null },
    ...{ encryptedSamples: 0, encryptedAccuracy: null, encryptedEqual: null, encryptedKept: null },
    ...{ encryptedError: null, scoreChange: null, edgeSeconds: null, edgeCpuSeconds: null, edgeMemoryBytes: null },
    ...{ processBytes: null, bundleBytes: null, segments: null, refreshes: null },
  }
}

export function plannedRow(empty: SuiteRow, candidate: Candidate): SuiteRow {
  const { degree, degrees, splitPools, split, cuts, judgedBy, keptLabels } = candidate
  const { relativeError, edgeSeconds, edgeMemoryBytes, bundleBytes, segments, refreshes } = candidate
  return {
    ...empty,
    state: 'planned',
    choice: { degree, degrees, splitPools, split, cuts },
    keptLabels: judgedBy === 'labels' ? keptLabels : null,
    ...{ relativeError, edgeSeconds, edgeMemoryBytes, bundleBytes, segments, refreshes },
  }
}

/** @param agreement - share of the original's labels that the approximated network gives */
export function triedFigures({ tested, kept }: SealAndTryResult, agreement: number) {
  const { samples, segments } = tested
  const hasLabels = kept?.judgedBy !== 'relative-error'
  const count = (of: (sample: (typeof samples)[number]) => boolean): number => samples.filter(of).length
  const judged = samples.filter(({ truth }) => truth !== undefined)
  return {
    keptLabels: hasLabels ? agreement : null,
    relativeError: kept?.relativeError ?? null,
    encryptedSamples: samples.length,
    encryptedAccuracy:
      judged.length > 0 ? judged.filter(({ truth, encrypted }) => encrypted === truth).length / judged.length : null,
    encryptedEqual: hasLabels ? count(({ polynomial, encrypted }) => polynomial === encrypted) : null,
    encryptedKept: hasLabels ? count(({ original, encrypted }) => original === encrypted) : null,
    encryptedError: Math.max(...relativeDifferences(samples)),
    edgeSeconds: sum(segments.map(({ seconds, leastSeconds = seconds }) => leastSeconds)),
    edgeCpuSeconds: known(
      segments.map((each) => each.cpuSeconds),
      sum,
    ),
    processBytes: known(
      segments.map(({ residentBytes }) => residentBytes),
      (all) => Math.max(...all),
    ),
    refreshes: segments.filter(({ cut }) => cut === 'refresh' || cut === 'exact').length,
  }
}

/** Null where one of the values is not known. */
export const known = (
  values: readonly (number | undefined)[],
  of: (all: readonly number[]) => number,
): number | null => (values.includes(undefined) ? null : of(values.map((value) => value ?? 0)))
