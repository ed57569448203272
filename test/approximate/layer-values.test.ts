import { describe, expect, it } from 'vitest'
import { applyLayer } from '../../src-main/core/approximate/layer-values.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { runLayer } from '../../src-main/core/network/run-layers.ts'

describe('applyLayer', () => {
  it('holds the values of all samples in one block, so that a process gives them back as one', () => {
    const shape = [2, 3, 1] as const
    const samples = Array.from({ length: 35 }, (_, k) =>
      Float64Array.from({ length: 6 }, (_, i) => Math.sin(7 * k + i)),
    )
    const shapes = new Map([[INPUT, shape]])
    const values = new Map([[INPUT, samples]])
    const relu = {
      kind: 'activation',
      id: 'r',
      sources: [],
      shape,
      input: INPUT,
      activation: { operator: 'Relu', parameters: {} },
    } as const
    const double = {
      kind: 'dense',
      weight: Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 2 : 0)),
    } as const
    const terms = [{ input: INPUT, map: double }]
    const linear = { kind: 'linear', id: 'l', sources: [], shape, terms, bias: new Float64Array(2) } as const
    for (const layer of [relu, linear]) {
      const rows = applyLayer(layer, shapes, values)
      expect(new Set(rows.map(({ buffer }) => buffer)).size).toBe(1)
      rows.forEach((row, k) => {
        const exact = runLayer(layer, shapes, new Map([[INPUT, samples[k]]]), 1)
        row.forEach((value, i) => expect(value).toBeCloseTo(exact[i], 6))
      })
    }
  })
})
