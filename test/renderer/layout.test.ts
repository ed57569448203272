import { describe, expect, it } from 'vitest'
import { nodeSize, placed } from '../../src-renderer/graph-view/layout.ts'
import { halfWay, pathThrough, type Point } from '../../src-renderer/graph-view/route.ts'

/** Points every five pixels between two. */
function along(from: Point, to: Point): Point[] {
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 5)
  return Array.from({ length: steps }, (_, k) => ({
    x: from.x + (k / steps) * (to.x - from.x),
    y: from.y + (k / steps) * (to.y - from.y),
  }))
}

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

  /** A chain with a shortcut around three of its nodes every four, as residual networks have them. */
  const residual = (length: number) => {
    const { nodes, edges } = chain(length)
    const shortcuts = nodes.flatMap((_, at) =>
      at % 4 === 0 && at + 4 < length ? [{ from: `n${at}`, to: `n${at + 4}` }] : [],
    )
    return { nodes, edges: [...edges, ...shortcuts] }
  }

  it.each([12, 60, 200])('leads no edge of %i nodes through a box', (length) => {
    const { nodes, edges } = placed(residual(length), true)
    expect(edges.some(({ data }) => data?.way !== undefined)).toBe(true)
    const boxOf = new Map(nodes.map(({ id, position }) => [id, position]))
    for (const { source, target, data } of edges) {
      const [from, to] = [boxOf.get(source)!, boxOf.get(target)!]
      const middle = nodeSize.width / 2
      const start = { x: from.x + middle, y: from.y + nodeSize.height }
      const points = [start, ...((data?.way ?? []) as Point[]), { x: to.x + middle, y: to.y }]
      for (const { x, y } of points.slice(1).flatMap((point, at) => along(points[at], point))) {
        const hit = nodes.find(
          ({ position }) =>
            x > position.x + 1 &&
            x < position.x + nodeSize.width - 1 &&
            y > position.y + 1 &&
            y < position.y + nodeSize.height - 1,
        )
        expect(hit && `${source} → ${target} through ${hit.id}`).toBeUndefined()
      }
    }
  })
})

describe('a way that is drawn', () => {
  const corner = [
    { x: 0, y: 0 },
    { x: 0, y: 100 },
    { x: 60, y: 100 },
  ]

  it('goes from its first point to its last, rounded at the others', () => {
    expect(pathThrough(corner)).toBe('M 0 0 L 0 90 Q 0 100 10 100 L 60 100')
  })

  it('has its handle half of the way along', () => {
    expect(halfWay(corner)).toEqual({ x: 0, y: 80 })
  })
})
