/** Places a network's nodes in layers from top to bottom, and a deep network in columns side by side, so that it can be seen whole. */
import dagre from '@dagrejs/dagre'
import type { Edge, MarkerType, Node } from '@xyflow/svelte'
import type { CutView, NetworkPicture } from '../api.ts'
import { mostWhole, type DrawnNode, type DrawnPicture } from './collapse.ts'
import { halfRow, wayOf, type Columns, type Point } from './route.ts'

export type PictureNode = NetworkPicture['nodes'][number]

export interface LayerNodeData extends Record<string, unknown> {
  readonly node: DrawnNode
  /** Why the node cannot be protected. */
  readonly refusal?: string
  readonly found: boolean
  /** Of the node that computes it, for its colour. */
  readonly segment?: number
  /** Draws a box node by node. */
  readonly onopen?: () => void
}

/** Where a network is cut, or can be. */
export interface CutHandle {
  readonly after: string
  /** Absent where there is no cut. */
  readonly kind?: CutView['kind']
  toggle(): void
}

export type LayerNode = Node<LayerNodeData, 'layer'>

export const nodeSize = { width: 190, height: 52 }

export interface PlacedNetwork {
  readonly nodes: LayerNode[]
  readonly edges: Edge[]
  readonly width: number
  readonly height: number
}

/** @param wraps - breaks even a short network into columns, so that it can be seen whole */
export function placed(picture: DrawnPicture, wraps = picture.nodes.length > mostWhole): PlacedNetwork {
  const graph = new dagre.graphlib.Graph()
  graph.setGraph({ rankdir: 'TB', nodesep: 26, ranksep: 2 * halfRow })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of picture.nodes) graph.setNode(id, { ...nodeSize })
  for (const { from, to } of picture.edges) graph.setEdge(from, to)
  dagre.layout(graph)
  const middleOf = (id: string): Point => graph.node(id) as Point
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  const middles = picture.nodes.map(({ id }) => middleOf(id))
  const fit = fitted(middles, width, height, wraps ? pane.height : mostHeight)
  const place = (id: string): Point => fit.shift(middleOf(id), fit.columnOf(middleOf(id).y))
  const nodes = picture.nodes.map((node): LayerNode => {
    const { x, y } = place(node.id)
    const position = { x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 }
    return { id: node.id, type: 'layer', position, data: { node, found: false }, ...nodeSize }
  })
  const edges = [...new Map(picture.edges.map(({ from, to }) => [`${from}→${to}`, { from, to }]))].map(
    ([id, { from, to }]): Edge => {
      const { points } = graph.edge(from, to) as { points: readonly Point[] }
      const way = wayOf(points.slice(1, -1), fit, middleOf(from), middleOf(to))
      return {
        ...{ id, source: from, target: to, selectable: false, focusable: false },
        markerEnd: { type: 'arrowclosed' as MarkerType, width: 16, height: 16 },
        ...(way.length > 0 && { type: 'layer', data: { way } }),
      }
    },
  )
  return { nodes, edges, width: fit.width, height: fit.height }
}

/** Each cut stands on the first edge that leaves its node, or the box that ends with it. */
export function withCuts({ nodes, edges }: PlacedNetwork, cuts: ReadonlyMap<string, CutHandle>): Edge[] {
  const free = new Map(nodes.map(({ id, data }) => [id, cuts.get(data.node.group?.members.at(-1)?.id ?? id)]))
  return edges.map((edge) => {
    const cut = free.get(edge.source)
    free.delete(edge.source)
    return cut ? { ...edge, type: 'layer', data: { ...edge.data, cut } } : edge
  })
}

/** Of the pane in the smallest window. */
const pane = { width: 980, height: 380 }
/** A network of a few nodes is broken into columns where it is higher. */
const mostHeight = 1200
const mostColumns = 16
const columnGap = 90

/** A graph that has been broken into columns, and its size. */
interface Fit extends Columns {
  readonly width: number
  readonly height: number
}

/** As many columns as let a deep network be seen whole and largest. @param middles - of the boxes */
function fitted(middles: readonly Point[], width: number, height: number, mostHeight: number): Fit {
  if (height <= mostHeight) return inColumns(middles, width, height, 1)
  const zoom = ({ width, height }: Fit) => Math.min(1, pane.width / width, pane.height / height)
  const candidates = Array.from({ length: mostColumns }, (_, k) => inColumns(middles, width, height, k + 1))
  return candidates.reduce((best, candidate) => (zoom(candidate) > zoom(best) ? candidate : best))
}

function inColumns(middles: readonly Point[], width: number, height: number, columns: number): Fit {
  const columnOf = (y: number): number => Math.min(columns - 1, Math.max(0, Math.floor((y * columns) / height)))
  const [tops, bottoms] = [new Map<number, number>(), new Map<number, number>()]
  for (const { y } of middles) {
    const column = columnOf(y)
    tops.set(column, Math.min(tops.get(column) ?? Infinity, y - nodeSize.height / 2))
    bottoms.set(column, Math.max(bottoms.get(column) ?? -Infinity, y + nodeSize.height / 2))
  }
  const topOf = (column: number): number => tops.get(column) ?? 0
  const bottomOf = (column: number): number => (bottoms.get(column) ?? 0) - topOf(column)
  const left = (column: number): number => column * (width + columnGap)
  return {
    columnOf,
    bottomOf,
    shift: ({ x, y }, column) => ({ x: x + left(column), y: y - topOf(column) }),
    gapBefore: (column) => left(column) - columnGap / 2,
    width: left(columns) - columnGap,
    height: Math.max(0, ...[...bottoms.keys()].map(bottomOf)),
  }
}
