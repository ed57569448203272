/**
 * The steps of each job, in order, with about how much of its time each takes. The shares only say how far along the one bar is:
 * where a job ran before, what its steps really took is used instead.
 */
import type { JobName } from '../api.ts'

export interface Step {
  readonly stage: string
  readonly share: number
}

const steps = (shares: Readonly<Record<string, number>>): readonly Step[] =>
  Object.entries(shares).map(([stage, share]) => ({ stage, share }))

const fit = { normalise: 1, calibrate: 1, approximate: 50, tune: 60, validate: 1 }
const sealed = { plan: 8, keys: 6, encrypt: 60, export: 2 }
const run = { load: 2, run: 25, refresh: 1, decrypt: 1, compare: 1 }

export const stepsOf: Readonly<Record<JobName, readonly Step[]>> = {
  inspect: steps({ inspect: 1 }),
  advise: steps({ normalise: 1, calibrate: 1, advise: 100 }),
  activations: steps({ ...fit, plot: 2 }),
  validate: steps({ ...fit, original: 2, polynomial: 1, attribute: 4, ...sealed, run: 30 }),
  look: [],
  original: [],
  plan: steps({ normalise: 1, calibrate: 1, plan: 20 }),
  proposals: steps({ segment: 1 }),
  protect: steps({ ...fit, ...sealed, verify: 3 }),
  trial: steps({ ...fit, ...sealed, ...run }),
  probe: steps(run),
  batch: steps({ load: 5, batch: 90, run: 90, decrypt: 1, compare: 5 }),
  keys: [],
  result: steps({ decrypt: 1 }),
  audit: [],
  bundle: steps({ verify: 1 }),
}

/** Parts of another step, as reported: a bar of one step does not begin again for them. */
const partOf: Readonly<Record<string, string>> = { compare: 'polynomial', exact: 'polynomial' }

/** Where a job is: which step of how many, and how much of the whole is done, from 0 to 1. */
export interface Place {
  readonly step: number
  readonly steps: number
  readonly share: number
}

/** @param part - of the present step, from 0 to 1. @returns undefined for a stage that is no step of its own */
export function placeIn(list: readonly Step[], stage: string, part: number): Place | undefined {
  const known = (wanted: string): number => list.findIndex((step) => step.stage === wanted)
  const at = known(stage) >= 0 ? known(stage) : known(partOf[stage] ?? '')
  if (at < 0) return undefined
  const total = sum(list)
  return { step: at + 1, steps: list.length, share: (sum(list.slice(0, at)) + part * list[at].share) / total }
}

const sum = (list: readonly Step[]): number => list.reduce((total, { share }) => total + share, 0)

/** With the times of an earlier run in place of the shares; steps that it did not have keep a little. */
export function learnt(list: readonly Step[], times: Readonly<Record<string, number>>): readonly Step[] {
  const total = Object.values(times).reduce((all, ms) => all + ms, 0)
  return total <= 0 ? list : list.map(({ stage }) => ({ stage, share: (times[stage] ?? 0) / total + 0.001 }))
}

/** Before this share is done, nothing is said of the time that is left. */
const leastShare = 0.05

/** Of the whole job, in milliseconds; undefined where too little is done to tell. */
export function remainingOf(share: number, elapsedMs: number): number | undefined {
  return share < leastShare ? undefined : (elapsedMs / share) * (1 - share)
}

/** "about 2 minutes left": no finer than it is true, and never in milliseconds. */
export function remainingWords(ms: number | undefined): string {
  if (ms === undefined) return ''
  const seconds = ms / 1000
  if (seconds < 5) return 'a few seconds left'
  if (seconds < 55) return `about ${5 * Math.ceil(seconds / 5)} seconds left`
  const minutes = Math.max(1, Math.round(seconds / 60))
  return minutes < 100
    ? `about ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} left`
    : `about ${Math.round(minutes / 60)} hours left`
}
