import { describe, expect, it } from 'vitest'
import { sizeOf, type ConvMap, type Shape, type SparseMap } from '../../src-main/core/network/layer-model.ts'
import { outputCandidates, tensorLayouts } from '../../src-main/core/planner/candidates.ts'
import { leastMsWithin, splitBabyGiant } from '../../src-main/core/planner/baby-giant.ts'
import { convDiagonals, convRotations } from '../../src-main/core/planner/conv-diagonals.ts'
import {
  elementDiagonals,
  elementRotations,
  sparseRotations,
  type Diagonal,
  type WeightWalk,
} from '../../src-main/core/planner/diagonals.ts'
import { walkMap } from '../../src-main/core/planner/weights.ts'
import { randomSource } from './networks.ts'

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

describe('a map between elements', () => {
  // More than one ciphertext on either side, the last of them with less.
  const [from, to] = [[5, 28, 28], [3, 29, 29]] as const // prettier-ignore
  const placements = tensorLayouts(from, slots, [0, 0]).flatMap((layout) =>
    outputCandidates(layout, undefined, to).map(({ layout: into, lanes }) => ({ from: layout, to: into, lanes })),
  )
  const sample = placements.filter((_, i) => i % Math.ceil(placements.length / 4) === 0)
  const random = randomSource(2)
  const rows = Array.from({ length: sizeOf(to) }, () =>
    [...new Set(Array.from({ length: 3 }, () => Math.floor(((1 + random()) / 2) * sizeOf(from))))].sort(
      (a, b) => a - b,
    ),
  )
  const sparse: SparseMap = {
    kind: 'sparse',
    rowStarts: Int32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length)]),
    columns: Int32Array.from(rows.flat()),
    values: new Float64Array(rows.flat().length).fill(1),
  }
  const named = (diagonals: readonly Diagonal[]): string[] =>
    diagonals.map(({ input, output, rotation, parts }) => [input, output, rotation, ...parts].join(' ')).sort()

  it('has the diagonals that are written into the plan', () => {
    expect(sample.some(({ from, to }) => from.ciphertexts > 1 && to.ciphertexts > 1)).toBe(true)
    for (const placement of sample) {
      const written = elementDiagonals(walkMap(sparse, from, to), placement).diagonals
      expect(named(sparseRotations(sparse, placement))).toEqual(named(written))
    }
    const few = { from: [3, 14, 30], to: [2, 4, 9] } as const
    for (const layout of tensorLayouts(few.from, 1024, [0, 0]).slice(0, 2)) {
      for (const { layout: into, lanes } of outputCandidates(layout, undefined, few.to).slice(0, 6)) {
        const placement = { from: layout, to: into, lanes }
        const every: WeightWalk = (visit) => {
          for (let o = 0; o < sizeOf(few.to); o++) for (let i = 0; i < sizeOf(few.from); i++) visit(o, i, 1)
        }
        expect(named(elementRotations(placement))).toEqual(named(elementDiagonals(every, placement).diagonals))
      }
    }
  })

  it('has its key switches priced as they are split, unless that is more than allowed', () => {
    const costs = { rotateMs: 5, babyRotateMs: 2, relineariseMs: 3 }
    for (const placement of sample) {
      const diagonals = sparseRotations(sparse, placement)
      const { ms } = splitBabyGiant(diagonals, slots, costs)
      expect(leastMsWithin(diagonals, slots, costs, ms)).toBe(ms)
      expect(leastMsWithin(diagonals, slots, costs, 0.999 * ms)).toBe(Infinity)
    }
  })
})
