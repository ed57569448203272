import { expect, it } from 'vitest'
import { deploymentWords, leftOutWords } from '../../src-main/core/compile/deployment-words.ts'

const base = {
  degree: 2,
  degrees: {},
  splitPools: false,
  split: { by: 'cuts', cuts: [] },
  cuts: [],
  segments: 1,
} as const

it('a deployment is told by degrees and by the layers at which the owner is needed', () => {
  expect(deploymentWords(base)).toBe('degree 2 everywhere')
  expect(deploymentWords({ ...base, degrees: { relu_2: 4, relu_5: 4, relu_8: 8 } })).toBe(
    'degree 2, degree 4 at relu_2 and relu_5, degree 8 at relu_8',
  )
  const cuts = [
    { after: 'maxpool_6.contrasts', kind: 'refresh' },
    { after: 'relu_8', kind: 'exact' },
  ] as const
  expect(deploymentWords({ ...base, splitPools: true, cuts })).toBe(
    'degree 2 everywhere, max-pools taken apart, exact at relu_8, refreshed after maxpool_6',
  )
  const exact = { by: 'activations', kind: 'exact' } as const
  expect(deploymentWords({ ...base, split: exact, segments: 5 })).toBe('every activation exact, 5 segments')
  const many = ['a', 'b', 'c', 'd'].map((after) => ({ after, kind: 'exact' as const }))
  expect(deploymentWords({ ...base, cuts: many })).toBe('degree 2 everywhere, exact at 4 layers')
})

it('a comparison tells what it left out, and that only of deep networks', () => {
  expect(leftOutWords({ exactGroups: 10, comparedAllExact: true })).toBeUndefined()
  expect(leftOutWords({ exactGroups: 27, comparedAllExact: false })).toMatch(/^The network has 27 places .* lose most/)
})
