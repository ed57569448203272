import { describe, expect, it } from 'vitest'
import type { Shape } from '../../src-main/core/network/layer-model.ts'
import type { Movement } from '../../src-main/core/tune/distort.ts'
import { Variations } from '../../src-main/core/tune/variations.ts'

const shape: Shape = [1, 6, 4]

/** Sample s holds s in every place. */
const samples = Array.from({ length: 200 }, (_, s) => new Float64Array(24).fill(s))

const varied = (unlike?: 'column' | 'row', movements: readonly Movement[] = [], beyond = 0) =>
  [...new Variations(samples, shape, movements, { unlike }).epoch(0, 16, beyond)].flat()

const seen = (unlike?: 'column' | 'row', movements: readonly Movement[] = []) =>
  [...new Variations(samples, shape, movements, { unlike }).epoch(0, 16)].flat().map(({ input }) => input)

const varies = (values: Float64Array) => values.some((value) => value !== values[0])

describe('variations of samples', () => {
  it.each(['column', 'row'] as const)('go over into others along the other axis where each %s is a band', (unlike) => {
    const spliced = seen(unlike).filter(varies)
    expect(spliced.length).toBeGreaterThan(30)
    for (const values of spliced) {
      const [height, width] = [shape[1], shape[2]]
      const lines = Array.from({ length: unlike === 'column' ? height : width }, (_, i) =>
        unlike === 'column'
          ? values.subarray(i * width, (i + 1) * width)
          : values.filter((_value, k) => k % width === i),
      )
      // All bands change at one moment, and only there.
      for (const line of lines) expect(varies(line)).toBe(false)
      expect(lines.filter((line, i) => i > 0 && line[0] !== lines[i - 1][0])).toHaveLength(1)
    }
  })

  it('show every place of a picture the same two samples, and none beyond them', () => {
    for (const values of seen()) {
      expect(varies(values)).toBe(false)
      expect(values[0]).toBeGreaterThanOrEqual(0)
      expect(values[0]).toBeLessThan(200)
    }
  })

  it('hold a rectangle of another picture, from side to side where shifts along these do not keep its label', () => {
    for (const [movements, columns] of [
      [['shift rows', 'shift columns'], 4],
      [['shift rows'], 1],
    ] as const) {
      const pasted = seen(undefined, movements)
        .map((values) => values.map(Math.round))
        .filter(varies)
      expect(pasted.length).toBeGreaterThan(30)
      const widths = new Set<number>()
      for (const values of pasted) {
        const found = [...new Set(values)]
        expect(found).toHaveLength(2)
        const isRectangle = found.map((value) => {
          const places = [...values.keys()].filter((k) => values[k] === value)
          const side = (of: (k: number) => number) => new Set(places.map(of)).size
          const wide = side((k) => k % 4)
          if (places.length === wide * side((k) => Math.floor(k / 4))) widths.add(wide)
          return widths.has(wide)
        })
        expect(isRectangle).toContain(true)
      }
      expect(widths.size).toBe(columns)
    }
  })

  it.each([
    ['mixtures', [], 0],
    ['mixtures beyond their samples', [], 0.15],
    ['rectangles', ['shift rows', 'shift columns'], 0],
  ] as const)('say what they are made of: %s', (_, movements, beyond) => {
    const all = varied(undefined, movements, beyond)
    expect(all.filter(({ parts }) => parts.length === 2).length).toBeGreaterThan(40)
    for (const { input, parts } of all) {
      expect(parts.length).toBe(beyond > 0 ? 2 : Math.min(2, parts.length))
      // Each value is a mixture of the two.
      const [least, most] = [Math.min(...parts), Math.max(...parts)]
      const reach = 1e-9 + beyond * (most - least)
      for (const value of input) {
        expect(value).toBeGreaterThanOrEqual(least - reach)
        expect(value).toBeLessThanOrEqual(most + reach)
      }
    }
  })

  it('are the same every time', () => {
    expect(seen('column')).toEqual(seen('column'))
  })
})
