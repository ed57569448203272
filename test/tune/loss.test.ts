import { describe, expect, it } from 'vitest'
import { Loss } from '../../src-main/core/tune/loss.ts'

const BATCH = 4
const targets = Float32Array.of(1, -1, 0.5, 0, -1, 1, 0.5, 0, 0, 0, -1, 0)
const outputs = Float32Array.of(0.8, -0.5, 0.2, 0, -0.9, 0.7, 0.6, 0, 0.1, -0.2, -0.8, 0)

describe('the loss of tuning', () => {
  it('falls along its gradient as fast as that says', () => {
    const loss = new Loss(BATCH, 0.5)
    const { gradient } = loss.of(outputs, targets, 3)
    gradient.forEach((slope, i) => {
      const moved = (by: number) => loss.of(outputs.with(i, outputs[i] + by), targets, 3).loss / 3
      expect((moved(1 / 128) - moved(-1 / 128)) * 64).toBeCloseTo(slope, 3)
    })
  })

  it('lets no sample that is far off outweigh the others, and none that is lost count beyond measure', () => {
    const loss = new Loss(BATCH, 0.5)
    const usual = Math.abs(loss.of(outputs, targets, 3).gradient[1])
    const far = loss.of(outputs.with(0, 1e6), targets, 3)
    expect(Math.abs(far.gradient[0])).toBeLessThan(20 * usual)
    const lost = loss.of(outputs.with(0, NaN), targets, 3)
    expect(lost.gradient.filter((_, i) => i % BATCH === 0)).toEqual(Float32Array.of(0, 0, 0))
    expect(lost.gradient[1]).toBe(loss.of(outputs, targets, 3).gradient[1])
    expect(lost.loss).toBeGreaterThan(loss.of(outputs, targets, 3).loss)
    expect(lost.loss).toBe(loss.of(outputs.with(0, 1e9), targets, 3).loss)
    expect(far.loss).toBeLessThan(loss.of(outputs, targets, 3).loss + 4)
  })

  it('bounds what an output passes back to an input that many squarings raised: slope times size', () => {
    const loss = new Loss(BATCH, 0.5)
    const passed = [10, 1e3, 1e6, 1e12].map((size) => size * loss.of(outputs.with(0, size), targets, 3).gradient[0])
    passed.slice(1).forEach((value) => expect(value / passed[0]).toBeCloseTo(1, 0))
  })

  it('has one slope where the root becomes the logarithm', () => {
    const loss = new Loss(BATCH, 0.5)
    const slope = (size: number) => loss.of(outputs.with(0, size), targets, 3).gradient[0]
    const slopes = Array.from({ length: 100 }, (_, i) => slope(3 + i / 25))
    slopes.slice(1).forEach((value, i) => expect(Math.abs(value - slopes[i])).toBeLessThan(0.05 * slopes[i]))
  })
})
