import { describe, expect, it } from 'vitest'
import { Adam } from '../../src-main/core/tune/adam.ts'

const parameters = () => ({
  layer: 'conv',
  of: 'weights' as const,
  values: Float32Array.of(1, -1),
  gradient: new Float32Array(2),
  lanes: 1,
  evidence: 1,
})

/** The values after steps with these gradients. */
function after(gradients: readonly number[]): Float32Array {
  const set = parameters()
  const adam = new Adam([set], 1000)
  for (const gradient of gradients) {
    set.gradient.fill(gradient)
    adam.step(0.01)
  }
  return set.values
}

const usual = (count: number) => new Array<number>(count).fill(1)

describe('the steps of tuning', () => {
  it('go down by the rate, relative to the size of the weights', () => {
    const [up, down] = after(usual(27))
    expect(up).toBeCloseTo(0.8, 5)
    expect(down).toBeCloseTo(-1.2, 5)
  })

  it.each([0, 5, 20])('are not stopped by a gradient of 1e30 at step %i', (at) => {
    const [up] = after([...usual(at), 1e30, ...usual(60)])
    expect(up).toBeLessThan(0.6)
    expect(up).toBeGreaterThan(0.2)
  })

  it('leave out gradients that are not finite', () => {
    expect(after([...usual(20), NaN, Infinity, ...usual(7)])).toEqual(after(usual(27)))
  })
})
