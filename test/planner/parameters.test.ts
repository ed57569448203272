import { describe, expect, it } from 'vitest'
import { chooseParameters, isPlannable, parameterCandidates } from '../../src-main/core/planner/parameters.ts'

describe('parameterCandidates', () => {
  it('gives every ring that holds the levels, the smallest first', () => {
    const degrees = parameterCandidates(9, 8).map(({ parameters }) => parameters.polyModulusDegree)
    expect(degrees).toEqual([16384, 32768])
    expect(chooseParameters(8192, 9, 8)).toBeUndefined()
  })

  it('says that there are too many levels where no ring holds them', () => {
    expect(isPlannable(84)).toBe(false)
    expect(() => parameterCandidates(84, 8)).toThrow(expect.objectContaining({ code: 'too-deep' }))
  })

  it('blames the values where the levels would fit without them', () => {
    expect(isPlannable(6)).toBe(true)
    expect(() => parameterCandidates(6, 40)).toThrow(
      expect.objectContaining({ code: 'values-too-large', message: expect.stringContaining('40 bits') as string }),
    )
  })
})
