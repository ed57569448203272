import { describe, expect, it } from 'vitest'
import { isPlannable } from '../../src-main/core/planner/parameters.ts'
import { segmentLevels } from '../../src-main/core/segment/propose-cuts.ts'
import {
  asPlanned,
  isWhatItSays,
  levelsOf,
  mostDepth,
  movedBytes,
  placeOf,
  segmentsOf,
  shortName,
  sorted,
  stripOf,
  usualDepth,
} from '../../src-renderer/splits.ts'

const node = (id: string, operator: string) => ({ id, operator, family: 'other' as const, sources: [id] })
/** conv → relu → two convs in a row beside a shortcut, added in the last → relu → dense */
const picture = {
  nodes: [
    node('in', 'Input'),
    node('conv_1', 'linear (conv)'),
    node('relu_2', 'Relu'),
    node('conv_3', 'linear (conv)'),
    node('conv_4', 'linear (conv + conv)'),
    node('relu_5', 'Relu'),
    node('gemm_6', 'linear (dense)'),
  ],
  edges: [
    ['in', 'conv_1'],
    ['conv_1', 'relu_2'],
    ['relu_2', 'conv_3'],
    ['conv_3', 'conv_4'],
    ['relu_2', 'conv_4'],
    ['conv_4', 'relu_5'],
    ['relu_5', 'gemm_6'],
  ].map(([from, to]) => ({ from, to })),
}
const layers = stripOf(picture)
const one = () => 1

describe('the strip of layers', () => {
  it('counts levels along the longest path, linear layers in a row once', () => {
    expect(layers.map(({ id }) => id)).toEqual(['conv_1', 'relu_2', 'conv_3', 'conv_4', 'relu_5', 'gemm_6'])
    expect(segmentsOf(layers, [], one)).toEqual([{ from: 0, to: 6, depth: 5 }])
    expect(segmentsOf(layers, [], ({ id }) => (id === 'relu_5' ? 2 : 1))).toMatchObject([{ depth: 6 }])
  })

  it('is offered on two nodes where it has two', () => {
    const split = { by: 'nodes', nodes: 2, kind: 'refresh' } as const
    expect(isWhatItSays({ split, plan: { segments: [1, 2] } })).toBe(true)
    expect(isWhatItSays({ split, plan: { segments: [1] } })).toBe(false)
    expect(isWhatItSays({ split: { by: 'depth', kind: 'refresh' }, plan: { segments: [1] } })).toBe(true)
  })

  it('has the depths of the plan where that is of the same segments', () => {
    const counted = segmentsOf(layers, [{ after: 'relu_2', kind: 'refresh' }], one)
    expect(asPlanned(counted, [{ depth: 4 }, { depth: 7 }]).map(({ depth }) => depth)).toEqual([4, 7])
    expect(asPlanned(counted, [{ depth: 4 }])).toBe(counted)
    expect(asPlanned(counted)).toBe(counted)
  })

  it('begins levels anew behind a cut, and has none for what the owner applies', () => {
    const after = segmentsOf(layers, [{ after: 'relu_2', kind: 'refresh' }], one)
    expect(after).toEqual([
      { from: 0, to: 2, depth: 2 },
      { from: 2, to: 6, depth: 3 },
    ])
    expect(segmentsOf(layers, [{ after: 'relu_2', kind: 'exact' }], one)).toMatchObject([{ depth: 1 }, { depth: 3 }])
  })

  it('counts an activation and the max-pool beside it once, and more where pools are taken apart', () => {
    const nodes = [...picture.nodes.slice(0, 3), node('pool_3', 'MaxPool'), node('gemm_4', 'linear (dense)')]
    const edges = nodes.slice(1).map(({ id }, at) => ({ from: nodes[at].id, to: id }))
    const pooled = stripOf({ nodes, edges })
    const levels = (splitPools: boolean, degrees = {}) =>
      segmentsOf(pooled, [], (layer) => levelsOf(layer, { degree: 2, degrees, splitPools }))[0].depth
    expect(levels(false)).toBe(3)
    expect(levels(false, { pool_3: 4 })).toBe(4)
    expect(levels(true)).toBe(5)
  })

  it('knows the levels that rings hold', () => {
    expect(usualDepth).toBe(segmentLevels)
    expect(isPlannable(mostDepth)).toBe(true)
    expect(isPlannable(mostDepth + 1)).toBe(false)
  })

  it('keeps cuts in order, one at a place', () => {
    const cuts = [
      { after: 'relu_5', kind: 'refresh' },
      { after: 'conv_1', kind: 'hand-off' },
      { after: 'relu_5', kind: 'exact' },
    ] as const
    expect(sorted(layers, cuts)).toEqual([cuts[1], cuts[2]])
    expect(placeOf(layers, 'relu_5.square')).toBe(4)
  })
})

it('names layers of the strip by what is last in their names', () => {
  expect(['relu_2', '/features/features.0/Conv_output_0', 'model/dense/MatMul', '/'].map(shortName)).toEqual(
    ['relu_2', 'Conv', 'MatMul', '/'], // prettier-ignore
  )
})

it('what moves between nodes goes to the owner and back at a refresh, and once where it is handed on', () => {
  const segments = [
    { receivedBytes: 0, sentBytes: 1 },
    { receivedBytes: 10, sentBytes: 100 },
    { receivedBytes: 100, sentBytes: 1000 },
  ] as unknown as Parameters<typeof movedBytes>[0]['segments']
  const cuts = [
    { after: 'a', kind: 'refresh' as const },
    { after: 'b', kind: 'hand-off' as const },
  ]
  expect(movedBytes({ segments, cuts })).toBe(1 + 10 + 100)
})
