import { expect, it } from 'vitest'
import { reveal } from '../../src-main/owner/reveal.ts'
import type { Deployment } from '../../src-main/owner/deployment.ts'

const deployment = { model: { finish: 'sigmoid' }, flooding: undefined } as unknown as Deployment

it('ranks yes and no where a network has one output', () => {
  const topTwo = { mode: 'top-k', k: 2 } as const
  expect(reveal(Float64Array.of(1.5), deployment, topTwo)).toEqual({ label: 1, top: [1, 0] })
  expect(reveal(Float64Array.of(-0.5), deployment, topTwo)).toEqual({ label: 0, top: [0, 1] })
  expect(reveal(Float64Array.of(-0.5), deployment, { mode: 'top-k', k: 1 })).toEqual({ label: 0, top: [0] })
})

it('tells the names of classes beside their numbers', () => {
  const named = { ...deployment, model: { ...deployment.model, labels: ['cat', 'dog', 'ship'] } }
  expect(reveal(Float64Array.of(1, 3, 2), named, { mode: 'top-k', k: 2 })).toEqual({
    ...{ label: 1, labelName: 'dog' },
    ...{ top: [1, 2], topNames: ['dog', 'ship'] },
  })
})

it('ranks classes by their scores', () => {
  expect(reveal(Float64Array.of(1, 3, 2), deployment, { mode: 'top-k', k: 2 })).toEqual({ label: 1, top: [1, 2] })
})
