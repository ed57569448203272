import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sizeOf, type ConvMap, type Shape } from '../../src-main/core/network/layer-model.ts'
import { toSparse } from '../../src-main/core/network/linear-maps.ts'
import { tensorLayouts } from '../../src-main/core/planner/candidates.ts'
import { countFirstLayer, packFirstLayer } from '../../src-main/core/planner/first-layer.ts'
import { single } from '../../src-main/core/planner/layout.ts'

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))

const convolution = fc.record({
  ...{ kernel: pair(1, 4), strides: pair(1, 3), dilations: pair(1, 2) },
  pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  ...{ from: fc.tuple(fc.constantFrom(2, 4), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })) },
  ...{ groups: fc.constantFrom(1, 2), channels: fc.constantFrom(2, 6) },
})

describe('a first layer', () => {
  it('is counted as it is packed: as many inputs as some output has inside the borders', () => {
    fc.assert(
      fc.property(convolution, ({ kernel, strides, dilations, pads, from, groups, channels }) => {
        const weight = new Float64Array((channels * from[0] * kernel[0] * kernel[1]) / groups).fill(1)
        const map: ConvMap = { kind: 'conv', weight, kernel, strides, dilations, pads, groups }
        const [height, width] = [0, 1].map((axis) => {
          const reach = (kernel[axis] - 1) * dilations[axis] + 1
          return Math.floor((from[axis + 1] + pads[axis] + pads[axis + 2] - reach) / strides[axis]) + 1
        })
        fc.pre(height > 0 && width > 0)
        const to: Shape = [channels, height, width]
        const [layout] = tensorLayouts(to, 2048, [0, 0])
        const rows = toSparse(map, from, to)
        const most = Math.max(
          ...Array.from({ length: sizeOf(to) }, (_, i) => rows.rowStarts[i + 1] - rows.rowStarts[i]),
        )
        // What reads padding alone has an input of zeros, so that there is one.
        fc.pre(most > 0)
        for (const layer of [
          { map, from, to },
          { map: rows, from, to },
        ]) {
          expect(countFirstLayer(layer, layout, single).inputs).toBe(most)
        }
        const packed = packFirstLayer({ map: rows, from, to }, layout, single)
        expect(packed.sources.length).toBeLessThanOrEqual(most * layout.ciphertexts)
      }),
    )
  })
})
