import { describe, expect, it } from 'vitest'
import type { Shape, SparseMap } from '../../src-main/core/network/layer-model.ts'
import { tensorLayouts } from '../../src-main/core/planner/candidates.ts'
import { elementDiagonals, sparseRotations } from '../../src-main/core/planner/diagonals.ts'
import { single } from '../../src-main/core/planner/layout.ts'
import { walkMap } from '../../src-main/core/planner/weights.ts'

/** Every second row and column of 16 channels, with 8 channels of zeros on either side: a residual network's shortcut. */
const from: Shape = [16, 32, 32]
const to: Shape = [32, 16, 16]
const shortcut: SparseMap = (() => {
  const columns: number[] = []
  const rowStarts = [0]
  for (let c = 0; c < 32; c++) {
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 16; x++) {
        if (c >= 8 && c < 24) columns.push(((c - 8) * 32 + 2 * y) * 32 + 2 * x)
        rowStarts.push(columns.length)
      }
    }
  }
  const values = new Float64Array(columns.length).fill(1)
  return { kind: 'sparse', rowStarts: Int32Array.from(rowStarts), columns: Int32Array.from(columns), values }
})()

describe('a strided shortcut', () => {
  const placements = [2048, 4096, 8192].flatMap((slots) =>
    tensorLayouts(from, slots).flatMap((layout) =>
      tensorLayouts(to, slots).map((result) => ({ from: layout, to: result, lanes: single })),
    ),
  )

  it('is counted as it is written', () => {
    for (const placement of placements.filter((_, i) => i % 11 === 0)) {
      const counted = sparseRotations(shortcut, placement)
      const written = elementDiagonals(walkMap(shortcut, from, to), placement).diagonals
      const keys = (list: typeof counted) => list.map((d) => `${d.input} ${d.output} ${d.rotation}`).sort()
      expect(keys(counted)).toEqual(keys([...written]))
    }
  })

  it.each([2048, 4096, 8192])(
    'takes a diagonal or two for each pair of ciphertexts in some layout of %i slots',
    (slots) => {
      const counts = placements
        .filter((placement) => placement.from.slots === slots)
        .map((placement) => sparseRotations(shortcut, placement).length)
      expect(Math.min(...counts)).toBeLessThanOrEqual((16 * 1024) / slots + 4)
    },
  )
})
