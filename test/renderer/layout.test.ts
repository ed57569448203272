import { describe, expect, it } from 'vitest'
import { nodeSize, placed } from '../../src-renderer/graph-view/layout.ts'

const chain = (length: number) => ({
  nodes: Array.from({ length }, (_, at) => ({
    id: `n${at}`,
    operator: 'Conv',
    family: 'linear' as const,
    sources: [],
  })),
  edges: Array.from({ length: length - 1 }, (_, at) => ({ from: `n${at}`, to: `n${at + 1}` })),
})

describe('the graph of a network', () => {
  it('stands in one column where that is short', () => {
    const { nodes, height } = placed(chain(12))
    expect(new Set(nodes.map(({ position }) => position.x)).size).toBe(1)
    expect(height).toBeLessThan(1200)
  })

  it('is broken into columns, without overlaps and in order, where it is deep', () => {
    const { nodes, width, height } = placed(chain(200))
    expect(width / height).toBeGreaterThan(0.8)
    expect(width / height).toBeLessThan(3)
    for (const [at, { position }] of nodes.entries()) {
      expect(position.x).toBeGreaterThanOrEqual(-1)
      expect(position.x + nodeSize.width).toBeLessThanOrEqual(width + 1)
      const next = nodes[at + 1]?.position
      if (!next) continue
      const below = next.x === position.x && next.y >= position.y + nodeSize.height
      expect(below || next.x >= position.x + nodeSize.width).toBe(true)
    }
  })

  it('has arrows that say which way values go', () => {
    expect(placed(chain(3)).edges.every(({ markerEnd }) => markerEnd !== undefined)).toBe(true)
  })
})
