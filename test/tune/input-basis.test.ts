import { describe, expect, it } from 'vitest'
import { InputMoments } from '../../src-main/core/tune/input-basis.ts'
import { randomNumbers, randomVector } from '../approximate/random-polynomial-model.ts'

const SAMPLES = 8

/** Values [element × samples + sample] of elements that hang together: each is the one before and a little of its own, and has a mean. */
function correlated(elements: number, random: () => number): Float32Array {
  const x = new Float32Array(elements * SAMPLES)
  for (let i = 0; i < elements; i++) {
    for (let s = 0; s < SAMPLES; s++) x[i * SAMPLES + s] = (i > 0 ? x[(i - 1) * SAMPLES + s] : 3) + 0.3 * random()
  }
  return x
}

const dot = (one: ArrayLike<number>, other: ArrayLike<number>) =>
  Array.from(one).reduce((sum, value, i) => sum + value * other[i], 0)

describe('the basis that steps of weights are taken in', () => {
  it('has directions along which outputs change alike and by themselves, whatever the inputs have in common', () => {
    const channels = 6
    const random = randomNumbers(5)
    const moments = new InputMoments(channels, 1)
    const offsets = Int32Array.from({ length: channels }, (_, k) => k)
    const seen = Array.from({ length: 200 }, () => correlated(channels, random))
    for (const x of seen) moments.see(x, SAMPLES, 0, new Int32Array(1), offsets)
    const { basis } = moments
    const changes = Array.from({ length: channels }, (_, k) => {
      const step = new Float32Array(channels)
      step[k] = 1
      basis.leave(step, 0, channels)
      return seen.flatMap((x) =>
        Array.from({ length: SAMPLES }, (_, s) =>
          dot(
            step,
            Float32Array.from(offsets, (i) => x[i * SAMPLES + s]),
          ),
        ),
      )
    })
    const centred = changes.map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length
      return row.map((value) => value - mean)
    })
    const deviations = centred.map((row) => Math.sqrt(dot(row, row) / row.length))
    expect(Math.max(...deviations) / Math.min(...deviations)).toBeLessThan(3)
    for (const [i, one] of centred.entries()) {
      for (const [j, other] of centred.slice(0, i).entries()) {
        expect(Math.abs(dot(one, other)) / one.length / deviations[i] / deviations[j]).toBeLessThan(0.01)
      }
    }
    // Beside the plain weights, along which the last inputs vary three times as much as the first.
    const plain = [0, channels - 1].map((k) => seen.map((x) => x[k * SAMPLES] - 3))
    expect(dot(plain[1], plain[1]) / dot(plain[0], plain[0])).toBeGreaterThan(4)
  })

  it('takes a gradient to what a step in it changes the loss by', () => {
    const [channels, taps, rows] = [3, 4, 2]
    const size = channels * taps
    const random = randomNumbers(9)
    const moments = new InputMoments(channels, taps)
    const offsets = Int32Array.from({ length: size }, (_, k) => k)
    for (let i = 0; i < 50; i++) moments.see(correlated(size, random), SAMPLES, 0, new Int32Array(1), offsets)
    const { basis } = moments
    const gradient = Float32Array.from(randomVector(rows * size, random))
    const entered = Float32Array.from(gradient)
    basis.enter(entered, 0, rows * size)
    for (let k = 0; k < rows * size; k++) {
      const step = new Float32Array(rows * size)
      step[k] = 1
      basis.leave(step, 0, rows * size)
      const length = Math.sqrt(dot(step, step))
      // Directions are a rotation: a step along one changes the loss by the gradient's part there.
      expect(dot(gradient, step) / length).toBeCloseTo(entered[k], 4)
    }
  })

  it('is the weights as they are where nothing varies', () => {
    const moments = new InputMoments(2, 2)
    moments.see(new Float32Array(4 * SAMPLES).fill(NaN), SAMPLES, 0, new Int32Array(1), Int32Array.of(0, 1, 2, 3))
    const step = Float32Array.of(1, 2, 3, 4)
    moments.basis.leave(step, 0, 4)
    expect([...step]).toEqual([1, 2, 3, 4])
  })
})
