/** What a plan costs, in words: a range where no fit has been made yet. */
import type { SplitPlan } from './api.ts'
import { bytes, duration } from './format.ts'

export interface Costs {
  readonly isRange: boolean
  readonly bundle: string
  readonly memory: string
  readonly time: string
  /** Of the node that needs most; at most, where there is a range. */
  readonly memoryBytes: number
  readonly refreshes: number
}

type Range = NonNullable<SplitPlan['forecast']>['bundleBytes']

/** "2.7 to 3.6 GB": the unit once, where both have the same. */
function rangeOf(low: string, high: string): string {
  const [number, unit] = low.split('\u00a0')
  return high.endsWith(`\u00a0${unit}`) ? `${number} to ${high}` : `${low} to ${high}`
}

export function costsOf({ segments, cuts, forecast }: Pick<SplitPlan, 'segments' | 'cuts' | 'forecast'>): Costs {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const words = (value: number, range: Range | undefined, inUnits: (value: number) => string): string => {
    if (!range) return inUnits(value)
    const [low, high] = [inUnits(range.least), inUnits(range.most)]
    return low === high ? low : rangeOf(low, high)
  }
  const memoryBytes = Math.max(0, ...segments.map(({ edgeMemoryBytes }) => edgeMemoryBytes))
  return {
    isRange: forecast !== undefined,
    bundle: words(sum(segments.map(({ bundleBytes }) => bundleBytes)), forecast?.bundleBytes, bytes),
    memory: words(memoryBytes, forecast?.edgeMemoryBytes, bytes),
    time: words(sum(segments.map(({ edgeSeconds }) => edgeSeconds)), forecast?.edgeSeconds, duration),
    memoryBytes,
    refreshes: cuts.filter(({ kind }) => kind !== 'hand-off').length,
  }
}
