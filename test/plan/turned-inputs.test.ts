import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { turn, turnedInputs } from '../../src-main/core/plan/turned-inputs.ts'

const packing = (sources: Int32Array[]) => ({ mode: 'plain', shape: [1, 1, 8], sources, scale: 1, primes: 1 }) as const

describe('turned inputs', () => {
  it('are found, and turning the original gives them', () => {
    const source = fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(source, fc.array(fc.nat(7), { minLength: 1, maxLength: 5 }), (elements, rotations) => {
        const original = Int32Array.from(elements)
        const sources = [original, ...rotations.map((steps) => turn(original, steps))]
        const turned = turnedInputs(packing(sources))
        expect(turned[0]).toBeUndefined()
        turned.slice(1).forEach((found, i) => {
          if (original.every((element) => element < 0)) return
          expect(turn(sources[found!.of], found!.steps)).toEqual(sources[i + 1])
        })
      }),
    )
  })

  it('are not inputs that hold the same elements in another order', () => {
    const sources = [Int32Array.of(0, 1, 2, -1), Int32Array.of(0, 2, 1, -1)]
    expect(turnedInputs(packing(sources))).toEqual([undefined, undefined])
  })
})
