import { describe, expect, it } from 'vitest'
import type { ConvMap, Shape } from '../../src-main/core/network/layer-model.ts'
import { outputCandidates, tensorLayouts } from '../../src-main/core/planner/candidates.ts'
import { convDiagonals, convRotations } from '../../src-main/core/planner/conv-diagonals.ts'

const slots = 2048

describe.each([
  { from: [12, 10, 10], to: [20, 10, 10], kernel: 3, stride: 1, pad: 1, groups: 1 },
  { from: [12, 10, 10], to: [12, 10, 10], kernel: 5, stride: 1, pad: 2, groups: 12 },
  { from: [8, 16, 16], to: [16, 8, 8], kernel: 3, stride: 2, pad: 1, groups: 2 },
  { from: [24, 5, 5], to: [6, 5, 5], kernel: 1, stride: 1, pad: 0, groups: 1 },
] as const)('a convolution of $from to $to', ({ from, to, kernel, stride, pad, groups }) => {
  const map: ConvMap = {
    kind: 'conv',
    weight: new Float64Array(((to[0] * from[0]) / groups) * kernel ** 2).fill(1),
    kernel: [kernel, kernel],
    strides: [stride, stride],
    dilations: [1, 1],
    pads: [pad, pad, pad, pad],
    groups,
  }
  const placements = tensorLayouts(from as Shape, slots, [pad, pad]).flatMap((layout) =>
    outputCandidates(layout, map, to as Shape).map((candidate) => ({
      from: layout,
      to: candidate.layout,
      lanes: candidate.lanes,
    })),
  )

  it('is counted for the search as it is written into the plan, in the same order', () => {
    const sample = placements.filter((_, i) => i % 2 === 0)
    expect(sample.length).toBeGreaterThan(3)
    for (const placement of sample) {
      expect(convRotations(map, placement)).toEqual(
        convDiagonals(map, placement).diagonals.map(({ input, output, rotation, parts }) => {
          return { input, output, rotation, parts }
        }),
      )
    }
  })
})
