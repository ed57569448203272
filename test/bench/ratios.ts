import { median } from './rotation.ts'
import type { BenchRow } from './row.ts'

/** What two builds are compared by; the less the better. */
export const measures = [
  ...['wallMs', 'cpuMs', 'encryptMs', 'loadMs', 'loadCpuMs', 'planMs', 'exportMs'],
  ...['peakRssBytes', 'bundleBytes', 'keyBytes', 'wallOverR', 'worstRelativeError'],
] as const

/** A row as another commit wrote it: it may lack what was not measured then. */
export type OtherRow = Readonly<Record<string, unknown>>

/**
 * One measure of one network in both builds, under today's field name:
 * `{"measure": "keyBytes", "keyBytes": 56e6, "against": {"revision": "ce9f38c", "keyBytes": 169e6}, "ratio": 0.33, …}`.
 */
export interface RatioRow {
  readonly measure: string
  readonly network: string
  readonly input: string
  readonly evaluator: string
  readonly threads: number
  readonly batch: number
  readonly labelsEqual: string
  readonly against: { readonly revision: string; readonly labelsEqual: string; readonly [measure: string]: unknown }
  /** This build by the other one: below 1 is better. Medians of the turns. */
  readonly ratio: number
  readonly [measure: string]: unknown
}

/**
 * A row for each measure that both builds have, from the rows that each turn gave for one network. Throws where they are
 * not of one kind: another evaluator or thread count would be compared with itself.
 */
export function ratioRows(today: readonly BenchRow[], other: readonly OtherRow[], revision: string): RatioRow[] {
  const [first] = today
  const kind = (row: OtherRow): string =>
    ['network', 'input', 'evaluator', 'threads', 'batch'].map((field) => String(row[field])).join(', ')
  for (const row of [...today, ...other]) {
    if (kind({ ...row }) !== kind({ ...first })) {
      throw new Error(`${revision} measured “${kind({ ...row })}”, this build “${kind({ ...first })}”.`)
    }
  }
  const { network, input, evaluator, threads, batch } = first
  const worst = (rows: readonly OtherRow[]): string =>
    rows.map((row) => String(row.labelsEqual)).toSorted((a, b) => parseInt(a) - parseInt(b))[0]
  const shared = { network, input, evaluator, threads, batch, labelsEqual: worst(today.map((row) => ({ ...row }))) }
  return measures.flatMap((measure) => {
    const then = other.map((row) => row[measure]).filter((value) => typeof value === 'number')
    if (then.length !== other.length) return []
    const [now, before] = [median(today.map((row) => row[measure])), median(then)]
    const against = { revision, [measure]: before, labelsEqual: worst(other) }
    return [{ measure, ...shared, [measure]: now, against, ratio: now / before }]
  })
}

/** For reading: one line a measure. */
export function renderRatios(rows: readonly RatioRow[]): string {
  const figure = (value: unknown): string => Number(value).toPrecision(4)
  return rows
    .map(
      ({ measure, network, against, ratio, ...row }) =>
        `${network} ${measure}: ${figure(row[measure])} / ${figure(against[measure])} = ${ratio.toFixed(3)}\n`,
    )
    .join('')
}
