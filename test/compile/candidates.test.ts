import { describe, expect, it } from 'vitest'
import {
  isBeatenAnyway,
  isDeeperThanNeeded,
  meetsGoal,
  nearest,
  recommend,
  unbeaten,
  type Candidate,
} from '../../src-main/core/compile/candidates.ts'

const candidate = (changes: Partial<Candidate>): Candidate => ({
  degree: 2,
  degrees: {},
  splitPools: false,
  split: { by: 'cuts', cuts: [] },
  keptLabels: 0.9,
  keptLow: 0.8,
  relativeError: 0.1,
  judgedBy: 'labels',
  cuts: [],
  segments: 1,
  refreshes: 0,
  edgeSeconds: 1,
  edgeMemoryBytes: 1e9,
  bundleBytes: 1e8,
  updateBytes: 1e7,
  trafficBytes: 1e5,
  ownerSeconds: 0,
  clearSeconds: 0.01,
  ...changes,
})
const offline = candidate({})
const larger = candidate({ bundleBytes: 2e8 })
const better = candidate({ keptLabels: 0.97, bundleBytes: 3e8, edgeSeconds: 2 })
const exact = candidate({
  keptLabels: 1,
  relativeError: 0,
  refreshes: 4,
  bundleBytes: 4e7,
  edgeSeconds: 0.1,
  split: { by: 'activations', kind: 'exact' },
})

describe('unbeaten', () => {
  it('leaves out what another beats in one respect and equals in the others', () => {
    expect(unbeaten([larger, offline, better, exact])).toEqual([offline, better, exact])
  })

  it('keeps one of equals, and judges without labels by the error', () => {
    expect(unbeaten([offline, { ...offline }])).toEqual([offline])
    const close = candidate({ judgedBy: 'relative-error', keptLabels: 0, relativeError: 0.01 })
    const far = candidate({ judgedBy: 'relative-error', keptLabels: 1, relativeError: 0.5 })
    expect(unbeaten([far, close])).toEqual([close])
  })
})

describe('what is not measured to the end', () => {
  const all = candidate({ keptLabels: 1 })
  const half = { edgeSeconds: 1.3, edgeMemoryBytes: 1.3e9, bundleBytes: 1.3e8, refreshes: 0 }
  const fourth = { degree: 4, degrees: {}, splitPools: false, split: { by: 'cuts', cuts: [] } } as const

  it('costs more at least than one that keeps every label, or as much as it', () => {
    expect(isBeatenAnyway([all], fourth, half)).toBe(true)
    expect(isBeatenAnyway([offline], fourth, half)).toBe(false)
    const kept = { judgedBy: 'labels', keptLabels: 0.9, relativeError: 0.05 } as const
    expect(isBeatenAnyway([offline], fourth, half, kept)).toBe(true)
    expect(isBeatenAnyway([offline], fourth, half, { ...kept, keptLabels: 0.91 })).toBe(false)
  })

  it('may come out a fifth cheaper than the network alone promises, with as many refreshes', () => {
    expect(isBeatenAnyway([all], fourth, { ...half, bundleBytes: 1.2e8 })).toBe(false)
    const once = candidate({ keptLabels: 1, refreshes: 1 })
    expect(isBeatenAnyway([once], fourth, half)).toBe(false)
    expect(isBeatenAnyway([once], fourth, { ...half, refreshes: 1 })).toBe(true)
  })

  it('is never exact where another only keeps the labels', () => {
    const exactly = { ...fourth, split: exact.split }
    expect(isBeatenAnyway([all], exactly, half)).toBe(false)
    expect(isBeatenAnyway([all], fourth, half, { judgedBy: 'labels', keptLabels: 1, relativeError: 0 })).toBe(false)
  })

  it('has higher degrees at the same cuts than keep every label', () => {
    expect(isDeeperThanNeeded([all], fourth)).toBe(true)
    expect(isDeeperThanNeeded([all], { ...fourth, degree: 2, degrees: { relu: 4 } })).toBe(true)
    expect(isDeeperThanNeeded([all], { ...fourth, degree: 2 })).toBe(false)
    expect(isDeeperThanNeeded([offline], fourth)).toBe(false)
    const other = { by: 'refreshes', refreshes: 1, kind: 'refresh' } as const
    expect(isDeeperThanNeeded([all], { ...fourth, split: other })).toBe(false)
  })
})

describe('recommend', () => {
  const all = [offline, better, exact]

  it('takes what keeps enough for the goal', () => {
    expect(recommend(all, 'offline', {})).toBe(better)
    expect(recommend(all, 'small', {})).toBe(exact)
    expect(recommend(all, 'fast', { maxRefreshes: 2 })).toBe(better)
    expect(recommend(all, 'exact', {})).toBe(exact)
    const lucky = candidate({ keptLabels: 1, bundleBytes: 1e6 })
    expect(recommend([...all, lucky], 'exact', {})).toBe(exact)
  })

  it('takes one that most likely keeps enough beyond the samples before one that just did on them', () => {
    // Of 100 samples each, with the lower ends of Wilson's intervals.
    const just = candidate({ keptLabels: 0.95, keptLow: 0.888, bundleBytes: 1e7 })
    const likely = candidate({ keptLabels: 0.98, keptLow: 0.93, bundleBytes: 2e7 })
    expect(recommend([just, likely], 'small', {})).toBe(likely)
    expect(recommend([just, offline], 'small', {})).toBe(just)
    const more = candidate({ keptLabels: 0.96, keptLow: 0.902, bundleBytes: 3e7 })
    expect(recommend([just, more], 'small', {})).toBe(more)
    expect(recommend([just, likely], 'small', { minKept: 0.9 })).toBe(just)
  })

  it('takes the nearest outputs where labels differ by no more than chance', () => {
    const lucky = candidate({ keptLabels: 0.96, keptLow: 0.902, relativeError: 0.3, bundleBytes: 2e9 })
    const near = candidate({ keptLabels: 0.95, keptLow: 0.888, relativeError: 0.16, bundleBytes: 3e8 })
    const far = candidate({ keptLabels: 0.9, keptLow: 0.826, relativeError: 0.1 })
    expect(recommend([lucky, near, far], 'small', {})).toBe(near)
    expect(recommend([lucky, near, far], 'offline', { minKept: 0.99 })).toBe(near)
    // Not finite where a sample overflows.
    expect(recommend([lucky, { ...near, relativeError: Infinity }], 'small', {})).toBe(lucky)
    expect(recommend([{ ...near, relativeError: Infinity }], 'small', {})).toMatchObject({ keptLabels: 0.95 })
  })

  it('holds the limits, and falls back to what keeps most within them', () => {
    expect(recommend(all, 'offline', { maxBundleBytes: 2e8 })).toBe(offline)
    expect(recommend(all, 'small', { maxRefreshes: 3, minKept: 0.5 })).toBe(offline)
    expect(recommend(all, 'small', { maxBundleBytes: 1 })).toBeUndefined()
  })
})

describe('what a goal asks for', () => {
  it('is a share of the labels, or outputs that are the network’s own', () => {
    expect([0.9, 0.91].map((least) => meetsGoal(offline, 'offline', least))).toEqual([true, false])
    const lucky = candidate({ keptLabels: 1, relativeError: 0.01 })
    expect([lucky, exact].map((one) => meetsGoal(one, 'exact', 0))).toEqual([false, true])
  })
})

describe('the nearest where the limits leave none', () => {
  it('is the smallest with so few refreshes, and the one with fewest refreshes of that size', () => {
    const all = [offline, better, exact]
    expect(nearest(all, 'small', { maxBundleBytes: 5e7, maxRefreshes: 2 })).toEqual([offline, exact])
    expect(nearest(all, 'offline', { maxBundleBytes: 1e6 })).toEqual([offline])
    expect(nearest([exact], 'offline', {})).toEqual([exact])
  })
})
