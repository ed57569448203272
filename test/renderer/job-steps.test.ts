import { describe, expect, it } from 'vitest'
import { learnt, placeIn, remainingOf, remainingWords, stepsOf } from '../../src-renderer/state/job-steps.ts'

describe('the one bar of a job', () => {
  const list = stepsOf.activations

  it('runs once over all steps, and says which of how many', () => {
    expect(placeIn(list, 'normalise', 0)).toMatchObject({ step: 1, steps: 6, share: 0 })
    const places = list.flatMap(({ stage }) => [placeIn(list, stage, 0)!, placeIn(list, stage, 1)!])
    const shares = places.map(({ share }) => share)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBeCloseTo(1)
    expect(placeIn(list, 'something else', 0.5)).toBeUndefined()
  })

  it('goes by what the steps took the last time', () => {
    const times = { tune: 900, approximate: 100 }
    expect(placeIn(learnt(list, times), 'tune', 0)!.share).toBeCloseTo(0.1, 1)
    expect(learnt(list, {})).toBe(list)
  })

  it('estimates nothing before a twentieth is done', () => {
    expect(remainingOf(0.04, 10_000)).toBeUndefined()
    expect(remainingOf(0.5, 10_000)).toBe(10_000)
  })

  it('never speaks of milliseconds', () => {
    expect([undefined, 1, 4999, 18_000, 62_000, 150_000, 1e7].map(remainingWords)).toEqual([
      '', 'a few seconds left', 'a few seconds left', 'about 20 seconds left', 'about 1 minute left',
      'about 3 minutes left', 'about 3 hours left',
    ]) // prettier-ignore
  })
})
