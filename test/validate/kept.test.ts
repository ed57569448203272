import { describe, expect, it } from 'vitest'
import { keepsEnough, keptText, measureKept } from '../../src-main/core/validate/kept.ts'

const rows = (...values: number[][]): Float64Array[] => values.map((row) => Float64Array.from(row))

describe('measureKept', () => {
  it('counts the labels that stay, with the lower end of Wilson’s interval', () => {
    const originals = rows([1, 0], [0, 1], [2, 0], [0, 3])
    const outputs = rows([5, 4], [1, 0], [9, 0], [0, 1])
    const kept = measureKept(originals, outputs, false)
    expect(kept).toMatchObject({ samples: 4, keptLabels: 0.75, judgedBy: 'labels' })
    // 3 of 4 by Wilson, z = 1.96: (0.75 + 0.4802 − 1.96·√(0.046875 + 0.060025)) / 1.9604
    expect(kept.keptLow).toBeCloseTo(0.3006, 4)
    expect(keepsEnough(kept, 0.75)).toBe(true)
    expect(keepsEnough(kept, 0.76)).toBe(false)
  })

  it('judges quantities by their relative error', () => {
    const single = measureKept(rows([1], [3], [5]), rows([1.1], [3], [4.9]), true)
    // Deviations 4 + 0 + 4, changes 0.01 + 0.01.
    expect(single.relativeError).toBeCloseTo(Math.sqrt(0.02 / 8), 12)
    expect(single.judgedBy).toBe('relative-error')
    expect(keepsEnough(single, 0.95)).toBe(true)
    expect(keepsEnough(single, 0.96)).toBe(false)
    expect(measureKept(rows([1, 2]), rows([1, 2]), true)).toMatchObject({
      judgedBy: 'relative-error',
      relativeError: 0,
    })
    expect(keptText(single)).toBe('outputs within 5.0 % on 3 samples held out')
  })

  it('keeps nothing where outputs are not finite', () => {
    const kept = measureKept(rows([1, 0], [0, 1]), rows([NaN, 0], [Infinity, 1]), false)
    expect(kept).toMatchObject({ keptLabels: 0, relativeError: Infinity })
    expect(keepsEnough({ ...kept, judgedBy: 'relative-error' }, 0)).toBe(false)
  })
})
