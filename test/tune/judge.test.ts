import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { LayerModel } from '../../src-main/core/network/layer-model.ts'
import { isBetter, Judge } from '../../src-main/core/tune/judge.ts'

const scaled = (factor: number, only = -Infinity): LayerModel => ({
  name: 'scaled',
  input: { name: 'x', shape: [2, 1, 1], onnxShape: [1, 2], layout: 'nchw' },
  layers: [
    {
      kind: 'linear',
      id: 'out',
      sources: [],
      shape: [2, 1, 1],
      terms: [{ input: INPUT, map: { kind: 'dense', weight: Float64Array.of(factor, 0, 0, factor) } }],
      bias: new Float64Array(2).fill(only === -Infinity ? 0 : only),
    },
  ],
  output: 'out',
  finish: 'none',
})

const points = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => Float64Array.of(Math.cos(i + from), -Math.cos(i + from)))

describe('Judge', () => {
  const evidence = { samples: points(30, 0), unseen: points(10, 30), movements: [] }
  const judge = new Judge(scaled(1), evidence)

  it('finds nothing wrong with the network itself', () => {
    expect(judge.of(scaled(1) as never)).toEqual({ plain: 0, loss: 0, lost: 0, far: 0, samples: 60 })
  })

  it('mixes a thousand of many samples', () => {
    const many = new Judge(scaled(1), { samples: points(5000, 0), unseen: points(100, 5000), movements: [] })
    expect(many.of(scaled(1) as never).samples).toBe(1000 + 100 + 100)
  })

  it('prefers what is closer on the unseen samples', () => {
    const [near, further] = [1.01, 1.2].map((factor) => judge.of(scaled(factor) as never))
    expect(isBetter(near, further)).toBe(true)
    expect(isBetter(further, near)).toBe(false)
  })

  it('counts the inputs whose outputs are ten times as large as any of the original', () => {
    const far = judge.of(scaled(1000) as never)
    expect(far.samples).toBe(60)
    expect(far.far).toBeGreaterThan(40)
    expect(judge.of(scaled(5) as never).far).toBe(0)
    expect(judge.of(scaled(NaN) as never).far).toBe(60)
  })

  it('takes no network that is worse on samples as they are', () => {
    const sound = { plain: 1, loss: 2, lost: 0, far: 0, samples: 100 }
    expect(isBetter({ ...sound, plain: 1.2, loss: 1.5 }, sound)).toBe(false)
    expect(isBetter({ ...sound, plain: 1.05, loss: 1.5 }, sound)).toBe(true)
  })

  it('takes no network that loses far more outside the samples', () => {
    const sound = { plain: 1, loss: 2, lost: 0, far: 0, samples: 100 }
    expect(isBetter({ ...sound, loss: 1, lost: 6 }, sound)).toBe(false)
    expect(isBetter({ ...sound, loss: 1, lost: 5 }, sound)).toBe(true)
  })
})
