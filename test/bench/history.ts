import type { RatioRow } from './ratios.ts'
import type { BenchRow } from './row.ts'

/** When and where figures were taken. */
export interface Measured {
  /** package.json's version, or a commit for what was measured before there were releases. */
  readonly build: string
  readonly commit: string
  /** ISO 8601 day. */
  readonly date: string
  readonly machine: string
}

/** A row of `npm run bench` and its build. Early rows lack what was not measured then. */
export type HistoryRow = Measured &
  Partial<Omit<BenchRow, 'layers' | 'rssBytes'>> &
  Pick<
    BenchRow,
    'network' | 'input' | 'evaluator' | 'threads' | 'batch' | 'polyModulusDegree' | 'wallMs' | 'wallOverR' | 'encryptMs'
  > &
  Pick<BenchRow, 'products' | 'rotations' | 'relinearisations' | 'outsideSealPercent' | 'peakRssBytes'> &
  Pick<BenchRow, 'bundleBytes' | 'keyBytes' | 'worstRelativeError' | 'labelsEqual'>

export type History = readonly HistoryRow[]
export type MeasuredRatio = RatioRow & Measured
export type MeasuredRatios = readonly MeasuredRatio[]

/** Rows of one kind are measurements of the same thing, on different builds. */
const kindOf = ({ network, input, evaluator, threads, batch }: HistoryRow | MeasuredRatio): string =>
  [network, input, evaluator, threads, batch].join()

/** With these rows at the end. They replace their own build's of the same kind; no other build's row is lost. */
export const withRows = (history: History, rows: History): History =>
  replacing(history, rows, (row) => `${row.build},${kindOf(row)}`)

/** The same for ratios: those of one build to one commit are replaced measure by measure. */
export const withRatios = (ratios: MeasuredRatios, rows: MeasuredRatios): MeasuredRatios =>
  replacing(ratios, rows, (row) => `${row.build},${row.against.revision},${row.measure},${kindOf(row)}`)

function replacing<Row>(rows: readonly Row[], more: readonly Row[], key: (row: Row) => string): readonly Row[] {
  const replaced = new Set(more.map(key))
  return [...rows.filter((row) => !replaced.has(key(row))), ...more]
}

/** The last row of each kind, in the order in which the kinds came first. */
export const newest = (history: History): History => [...new Map(history.map((row) => [kindOf(row), row])).values()]
