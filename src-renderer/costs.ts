/** What a plan costs, in words: a range where no fit has been made yet. */
import type { SplitPlan } from './api.ts'
import { bytes, duration } from './format.ts'

/** Fits came out within these shares of what the network alone promised, on every network that was tried. */
const [least, most] = [0.9, 1.2]

export interface Costs {
  readonly isRange: boolean
  readonly bundle: string
  readonly memory: string
  readonly time: string
  /** Of the node that needs most. */
  readonly memoryBytes: number
  readonly refreshes: number
}

/** "2.7 to 3.6 GB": the unit once, where both have the same. */
function rangeOf(low: string, high: string): string {
  const [number, unit] = low.split('\u00a0')
  return high.endsWith(`\u00a0${unit}`) ? `${number} to ${high}` : `${low} to ${high}`
}

export function costsOf({ segments, cuts, basis }: Pick<SplitPlan, 'segments' | 'cuts' | 'basis'>): Costs {
  const isRange = basis === 'network'
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const words = (value: number, inUnits: (value: number) => string): string => {
    const [low, high] = [inUnits(least * value), inUnits(most * value)]
    return isRange && low !== high ? rangeOf(low, high) : inUnits(value)
  }
  const memoryBytes = Math.max(0, ...segments.map(({ edgeMemoryBytes }) => edgeMemoryBytes))
  return {
    isRange,
    bundle: words(sum(segments.map(({ bundleBytes }) => bundleBytes)), bytes),
    memory: words(memoryBytes, bytes),
    time: words(sum(segments.map(({ edgeSeconds }) => edgeSeconds)), duration),
    memoryBytes,
    refreshes: cuts.filter(({ kind }) => kind !== 'hand-off').length,
  }
}
