import { describe, expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/normalise/layer-model.ts'
import { cutNetwork, cutPoints } from '../../src-main/core/segment/cut-network.ts'
import { depthOf, segmentByDepth } from '../../src-main/core/segment/propose-cuts.ts'
import { forward, lenet5, networkBuilder, randomInput } from '../planner/networks.ts'

function residual() {
  const b = networkBuilder([2, 8, 8])
  b.square('s1', b.conv('c1', INPUT, 4, 3, 1, 1))
  b.square('s2', b.conv('c2', 's1', 4, 3, 1, 1))
  b.sum(
    'sum',
    [
      { input: 's2', map: b.convMap('s2', 4, [3, 3], 1, 1) },
      { input: 's1', map: b.convMap('s1', 4, [1, 1]) },
    ],
    [4, 8, 8],
  )
  b.square('s3', 'sum')
  return b.model(b.dense('d', 's3', 3))
}

describe('segments', () => {
  it('cannot begin under a residual shortcut', () => {
    expect(cutPoints(residual())).toEqual(['c1', 's1', 'sum', 's3'])
    expect(() => cutNetwork(residual(), ['c2'])).toThrow(expect.objectContaining({ code: 'not-a-cut-point' }))
  })

  it.each([lenet5(), residual()])('one after the other compute the network', (model) => {
    const { segments } = cutNetwork(model, cutPoints(model))
    const input = randomInput(model)
    const whole = forward(model, input).get(model.output)!
    const parts = segments.reduce((value, segment) => forward(segment, value).get(segment.output)!, input)
    expect([...parts]).toEqual([...whole])
  })

  it('are as few as the depth allows', () => {
    expect(depthOf(lenet5())).toBe(9)
    expect(segmentByDepth(lenet5(), 9).cuts).toEqual([])
    const { segments } = segmentByDepth(lenet5(), 5)
    expect(segments.map(depthOf)).toEqual([5, 4])
    expect(() => segmentByDepth(lenet5(), 0)).toThrow(expect.objectContaining({ code: 'too-deep' }))
  })
})
